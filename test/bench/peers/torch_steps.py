#!/usr/bin/env python3
"""What PyTorch takes for the training steps and scoring calls of the bench. Debian: python3-torch libopenblas0-pthread

train-flat-step  DAGMM 118-60-30-10-1 (tanh), estimator 3-10-4, 1,024 rows: forward, energy, penalty, backward, Adam
train-conv-step  autoencoder 3-32-64-128-256, 4x4 stride 2, mirrored, 32 pictures of 3x64x64: forward, backward, Adam
train-mel-cnn-step  convolutional DAGMM 1-32-64-128-256, 4x4 stride 2, code 8, mirrored, estimator 10-10-2, 200 pictures of 64x64:
                 forward, energy of the standardised latents, penalty, backward, clipped Adam
score-N          energies of N rows under a fixed mixture
"""
import functools
import math

import torch
from torch import nn
from torch.nn import functional as F

from serve import serve


def dense(sizes):
    pairs = list(zip(sizes, sizes[1:]))
    layers = [layer for a, b in pairs for layer in (nn.Linear(a, b), nn.Tanh())]
    return nn.Sequential(*layers[:-1])


class Dagmm(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = dense([118, 60, 30, 10, 1])
        self.decoder = dense([1, 10, 30, 60, 118])
        self.estimator = nn.Sequential(dense([3, 10, 4]), nn.Softmax(dim=1))

    def forward(self, x):
        code = self.encoder(x)
        y = self.decoder(code)
        relative = torch.linalg.vector_norm(x - y, dim=1) / torch.linalg.vector_norm(x, dim=1)
        return torch.column_stack([code, relative, F.cosine_similarity(x, y)]), y


def moments(z, gamma, epsilon=1e-6):
    mass = gamma.sum(dim=0)
    mean = (gamma.t() @ z) / mass[:, None]
    centred = z[:, None, :] - mean
    scatter = torch.einsum("nk,nki,nkj->kij", gamma, centred, centred)
    covariance = scatter / mass[:, None, None] + epsilon * torch.eye(z.shape[1])
    return mass / len(z), mean, covariance


def energy(z, phi, mean, covariance):
    factor = torch.linalg.cholesky(covariance)
    centred = (z[:, None, :] - mean).permute(1, 2, 0)
    whitened = torch.linalg.solve_triangular(factor, centred, upper=False)
    log_det = factor.diagonal(dim1=1, dim2=2).log().sum(dim=1)
    constant = 0.5 * z.shape[1] * math.log(2 * math.pi)
    log_density = phi.log() - 0.5 * whitened.square().sum(dim=1).t() - log_det - constant
    return -torch.logsumexp(log_density, dim=1)


def flat_step():
    model = Dagmm()
    adam = torch.optim.Adam(model.parameters(), lr=1e-4)
    x = torch.randn(1024, 118)

    def step():
        z, y = model(x)
        mixture = moments(z, model.estimator(z))
        penalty = mixture[2].diagonal(dim1=1, dim2=2).reciprocal().sum()
        reconstruction = (x - y).square().sum(dim=1).mean()
        loss = reconstruction + 0.1 * energy(z, *mixture).mean() + 0.005 * penalty
        adam.zero_grad()
        loss.backward()
        adam.step()

    return step


def score(rows):
    model = Dagmm()
    with torch.no_grad():
        z, _ = model(torch.randn(1024, 118))
        mixture = moments(z, model.estimator(z))
    x = torch.randn(rows, 118)

    def call():
        with torch.no_grad():
            return energy(model(x)[0], *mixture)

    return call


def conv_step():
    channels = [3, 32, 64, 128, 256]
    down = [layer for a, b in zip(channels, channels[1:]) for layer in (nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(0.2))]
    back = channels[::-1]
    up = [layer for a, b in zip(back, back[1:]) for layer in (nn.ConvTranspose2d(a, b, 4, 2, 1), nn.LeakyReLU(0.2))]
    model = nn.Sequential(*down, *up[:-1], nn.Sigmoid())
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    x = torch.rand(32, 3, 64, 64)

    def step():
        loss = F.mse_loss(model(x), x)
        adam.zero_grad()
        loss.backward()
        adam.step()

    return step


class PictureDagmm(nn.Module):
    def __init__(self, channels=(1, 32, 64, 128, 256), code=8, components=2):
        super().__init__()
        pairs = list(zip(channels, channels[1:]))
        down = [layer for a, b in pairs for layer in (nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(0.2))]
        up = [layer for a, b in reversed(pairs) for layer in (nn.ConvTranspose2d(b, a, 4, 2, 1), nn.LeakyReLU(0.2))]
        flat = channels[-1] * 16
        self.encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(flat, code))
        self.decoder = nn.Sequential(nn.Linear(code, flat), nn.Unflatten(1, (channels[-1], 4, 4)), *up[:-1])
        self.estimator = nn.Sequential(dense([code + 2, 10, components]), nn.Softmax(dim=1))

    def forward(self, x):
        code = self.encoder(x)
        y = self.decoder(code)
        x, y = x.flatten(1), y.flatten(1)
        distance = (x - y).square().sum(dim=1)
        z = torch.column_stack([code, 0.5 * torch.log(distance + 1e-12), F.cosine_similarity(x, y)])
        centred = z - z.mean(dim=0)
        return centred * torch.rsqrt(centred.square().mean(dim=0) + 1e-5), distance / x.shape[1]


def picture_step():
    model = PictureDagmm()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-5)
    x = torch.randn(200, 1, 64, 64)

    def step():
        z, errors = model(x)
        mixture = moments(z, model.estimator(z), 1e-3)
        penalty = mixture[2].diagonal(dim1=1, dim2=2).reciprocal().mean()
        loss = errors.mean() + 0.1 / z.shape[1] * energy(z, *mixture).mean() + 0.005 * penalty
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()

    return step


@functools.lru_cache(maxsize=None)
def build(work):
    torch.manual_seed(0)
    if work == "train-flat-step":
        return flat_step()
    if work == "train-conv-step":
        return conv_step()
    if work == "train-mel-cnn-step":
        return picture_step()
    return score(int(work.removeprefix("score-")))


def measure(work, threads):
    torch.set_num_threads(threads)
    return build(work)


serve(f"PyTorch {torch.__version__}", measure)
