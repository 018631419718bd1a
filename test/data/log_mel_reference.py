#!/usr/bin/env python3
"""Log-mel reference values, computed from the definition in double precision with numpy alone. Writes log-mel-reference.json.

S = W · |rfft(hann · x)|², dB = 10·log10(max(S, 1e-10)); W: Slaney's mel scale, area-normalised triangles (librosa's defaults).
`centred` pads half a window of zeros on both sides, as librosa >= 0.10 does with center=True; `uncentred` pads nothing.
Where librosa is installed, the centred values are compared with it as well.

Usage: python3 test/data/log_mel_reference.py      (Debian: python3-numpy, python3-scipy)
"""
import json
import pathlib
import numpy as np
from scipy.io import wavfile

RATE, N_FFT, HOP = 16000, 1024, 512
here = pathlib.Path(__file__).parent
clips = here.parent.parent / "models" / "demo-sound"


def mel_to_hz(mel):
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (mel - 15)))


def mel_matrix(bands):
    top = 15 + np.log(RATE / 2 / 1000) / (np.log(6.4) / 27)
    corner = mel_to_hz(np.linspace(0, top, bands + 2))
    hz = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    up = (hz - corner[:-2, None]) / np.diff(corner)[:-1, None]
    down = (corner[2:, None] - hz) / np.diff(corner)[1:, None]
    return np.maximum(0, np.minimum(up, down)) * (2 / (corner[2:] - corner[:-2]))[:, None]


def log_mel(samples, bands, centred):
    x = np.asarray(samples, np.float64)
    x = np.pad(x, N_FFT // 2) if centred else x
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    frames = np.lib.stride_tricks.sliding_window_view(x, N_FFT)[::HOP]
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    return 10 * np.log10(np.maximum(power @ mel_matrix(bands).T, 1e-10))


def clip(name):
    rate, x = wavfile.read(clips / f"{name}.wav")
    assert rate == RATE and x.dtype == np.int16
    return x / 32768


def noise(count):
    """The same numbers in every language: x' = (1103515245 x + 12345) mod 2^31, from 1."""
    state, out = 1, []
    for _ in range(count):
        state = (1103515245 * state + 12345) % 2**31
        out.append(state / 2**30 - 1)
    return np.array(out)


t = np.arange(4096) / RATE
SIGNALS = {
    "pump-00-normal": clip("pump-00-normal")[16000:20096],
    "pump-00-abnormal": clip("pump-00-abnormal")[:5000],
    "pump-04-normal": clip("pump-04-normal")[-4096:],
    "pump-04-abnormal": clip("pump-04-abnormal")[80000:84096],
    "noise": 0.1 * noise(4096),
    "tone": 0.5 * np.sin(2 * np.pi * 440 * t),
    "chirp": 0.8 * np.sin(2 * np.pi * (50 * t + 15000 * t * t)),
    "silence": np.zeros(2048),
}


def check_against_librosa(name, samples, values):
    try:
        import librosa
    except ImportError:
        return
    mel = librosa.feature.melspectrogram(y=samples, sr=RATE, n_fft=N_FFT, hop_length=HOP, n_mels=64)
    theirs = librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=None).T
    print(f"{name}: at most {np.abs(theirs - values).max():.1e} dB from librosa {librosa.__version__}")


def main():
    out = []
    for name, samples in SIGNALS.items():
        samples = np.asarray(samples, np.float32)  # what the program is given
        for bands, centred in ((64, True), (64, False), (128, True)):
            values = log_mel(samples, bands, centred)
            if centred and bands == 64:
                check_against_librosa(name, samples, values)
            out.append({"signal": name, "bands": bands, "centred": centred, "frames": len(values),
                        "db": [round(float(v), 5) for v in values.ravel()]})
    (here / "log-mel-reference.json").write_text(json.dumps(out))


if __name__ == "__main__":
    main()
