#!/usr/bin/env python3
"""WAV -> log-mel -> 5-frame stacks -> small DAGMM -> mean energy in numpy, scipy and PyTorch, one thread.

Usage: wav_to_score.py FILE.wav   (16 kHz, 16 bit; Debian: python3-torch libopenblas0-pthread python3-scipy)
"""
import math
import sys

import numpy as np
import scipy
import torch
from scipy.fft import rfft
from scipy.io import wavfile
from torch import nn
from torch.nn import functional as F

from serve import serve

RATE, FFT, HOP, BANDS, STACK = 16000, 1024, 512, 64, 5


def hz_to_mel(hz):
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)


def mel_to_hz(mel):
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def mel_filters():
    """(FFT / 2 + 1, BANDS) triangles of equal area on Slaney's scale."""
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    corners = [mel_to_hz(m) for m in np.linspace(0, hz_to_mel(RATE / 2), BANDS + 2)]
    triangles = [
        np.clip(np.minimum((bins - low) / (mid - low), (high - bins) / (high - mid)), 0, None) * 2 / (high - low)
        for low, mid, high in zip(corners, corners[1:], corners[2:])
    ]
    return np.stack(triangles, axis=1).astype(np.float32)


class Energy(nn.Module):
    """width-64-8-64-width, z = [code, log residual, cosine], a mixture of four."""

    def __init__(self, width):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(width, 64), nn.Tanh(), nn.Linear(64, 8))
        self.decoder = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, width))
        self.mean = torch.randn(4, 10)
        self.inverse = torch.eye(10) + 0.1 * torch.tril(torch.randn(4, 10, 10))

    @torch.no_grad()
    def forward(self, x):
        code = self.encoder(x)
        y = self.decoder(code)
        residual = (x - y).norm(dim=1).log()
        z = torch.cat([code, residual[:, None], F.cosine_similarity(x, y)[:, None]], dim=1)
        whitened = torch.einsum("kij,nkj->nki", self.inverse, z[:, None] - self.mean)
        return -torch.logsumexp(-0.5 * whitened.square().sum(dim=2) - math.log(4), dim=1)


torch.manual_seed(0)
filters = mel_filters()
window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)).astype(np.float32)
head = Energy(STACK * BANDS)


def score(path):
    _, pcm = wavfile.read(path)
    samples = (pcm if pcm.ndim == 1 else pcm[:, 0]).astype(np.float32) / 32768
    frames = np.lib.stride_tricks.sliding_window_view(samples, FFT)[::HOP] * window
    powers = (np.abs(rfft(frames)) ** 2) @ filters
    log_mel = 10 * np.log10(np.maximum(powers, 1e-10))
    rows = len(log_mel) - STACK + 1
    stacks = np.concatenate([log_mel[i : i + rows] for i in range(STACK)], axis=1)
    return float(head(torch.from_numpy(np.ascontiguousarray(stacks, dtype=np.float32))).mean())


def measure(_work, threads):
    torch.set_num_threads(threads)
    return lambda: score(sys.argv[1])


serve(f"scipy {scipy.__version__} + PyTorch {torch.__version__}", measure)
