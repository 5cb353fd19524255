# SPDX-License-Identifier: Apache-2.0
"""Block formats of GGUF in numpy (for files) and torch (for training): Q8_0 and Q4_0, blocks of 32 weights."""
import numpy as np
import torch


def q8_0(weights):
    """float32 (..., multiple of 32) to bytes: per block an f16 scale and 32 int8."""
    x = weights.reshape(-1, 32).astype(np.float32)
    d = np.abs(x).max(1, keepdims=True) / np.float32(127)
    inverse = np.divide(np.float32(1), d, out=np.zeros_like(d), where=d != 0)
    scaled = x * inverse
    q = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8)
    return np.concatenate([d.astype("<f2").view(np.uint8), q.view(np.uint8)], 1).tobytes()


def q4_0(weights):
    """float32 (..., multiple of 32) to bytes: per block an f16 scale and 16 bytes, low nibbles first half."""
    x = weights.reshape(-1, 32).astype(np.float32)
    extreme = np.take_along_axis(x, np.abs(x).argmax(1)[:, None], 1)
    d = extreme / np.float32(-8)
    inverse = np.divide(np.float32(1), d, out=np.zeros_like(d), where=d != 0)
    q = np.minimum(15, np.trunc(x * inverse + np.float32(8.5))).astype(np.uint8)
    return np.concatenate([d.astype("<f2").view(np.uint8), q[:, :16] | q[:, 16:] << 4], 1).tobytes()


def from_q8_0(raw, shape):
    """Inverse of :func:`q8_0`."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, 34)
    d = blocks[:, :2].copy().view("<f2").astype(np.float32)
    return (d * blocks[:, 2:].view(np.int8)).reshape(shape)


def from_q4_0(raw, shape):
    """Inverse of :func:`q4_0`."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, 18)
    d = blocks[:, :2].copy().view("<f2").astype(np.float32)
    q = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1).astype(np.float32) - 8
    return (d * q).reshape(shape)


def straight_through_q4_0(weight):
    """The weight as Q4_0 would store it, with the gradient of the unrounded weight."""
    with torch.no_grad():
        x = weight.reshape(-1, 32)
        d = x.gather(1, x.abs().argmax(1, keepdim=True)) / -8
        q = torch.trunc(x / d + 8.5).clamp_(max=15)
        change = ((q - 8) * d.half().float()).reshape(weight.shape) - weight
    return weight + change
