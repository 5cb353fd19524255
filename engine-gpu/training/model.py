# SPDX-License-Identifier: Apache-2.0
"""Llama-style decoder in torch: grouped-query attention, interleaved rotary pairs, SwiGLU, tied embeddings.

Shapes: B sequences, T positions, D width, V vocabulary, H query heads, K key/value heads, E head width.
"""
import dataclasses
import math

import torch
import torch.nn.functional as F

from bpe import END, PAD


@dataclasses.dataclass
class Config:
    vocab: int
    dim: int
    layers: int
    heads: int
    kv_heads: int
    ffn: int
    head_dim: int = 32
    eps: float = 1e-5
    theta: float = 10000.0
    context: int = 1024


def rms_norm(x, weight, eps):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * weight


class Layer(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        wide, narrow = c.heads * c.head_dim, c.kv_heads * c.head_dim

        def matrix(rows, cols, gain):
            return torch.nn.Parameter(torch.randn(rows, cols) * gain / math.sqrt(cols))

        depth = 1 / math.sqrt(2 * c.layers)
        self.attn_norm = torch.nn.Parameter(torch.ones(c.dim))
        self.attn_q = matrix(wide, c.dim, 0.6)
        self.attn_k = matrix(narrow, c.dim, 0.6)
        self.attn_v = matrix(narrow, c.dim, 0.6)
        self.attn_output = matrix(c.dim, wide, 0.6 * depth)
        self.ffn_norm = torch.nn.Parameter(torch.ones(c.dim))
        self.ffn_gate = matrix(c.ffn, c.dim, 0.6)
        self.ffn_up = matrix(c.ffn, c.dim, 0.6)
        self.ffn_down = matrix(c.dim, c.ffn, 0.6 * depth)

    def forward(self, x, rotation, mask, cache=None, rounding=lambda w: w, keep=None):
        """x (B, T, D); rotation (T, 1, E/2) complex; mask broadcastable to (B*K, H/K*T, S); cache: past K, V or None.

        Returns x after the layer and this layer's new (keys, values), each (B, S, K, E).  With ``keep`` (B, T) bool
        only the states of the kept positions are worked out after the attention, and x comes back as (N, D).
        """
        c, (b, t, _) = self.c, x.shape
        group = c.heads // c.kv_heads
        h = rms_norm(x, self.attn_norm, c.eps)
        qkv = F.linear(h, rounding(torch.cat([self.attn_q, self.attn_k, self.attn_v])))
        turned, v = qkv.split([(c.heads + c.kv_heads) * c.head_dim, c.kv_heads * c.head_dim], -1)
        pairs = torch.view_as_complex(turned.reshape(b, t, c.heads + c.kv_heads, c.head_dim // 2, 2))
        turned = torch.view_as_real(pairs * rotation).reshape(b, t, c.heads + c.kv_heads, c.head_dim)
        q, k = turned.split([c.heads, c.kv_heads], 2)
        v = v.reshape(b, t, c.kv_heads, c.head_dim)
        if cache is not None:
            k, v = torch.cat([cache[0], k], 1), torch.cat([cache[1], v], 1)
        s = k.shape[1]
        q = q.reshape(b, t, c.kv_heads, group, c.head_dim).permute(0, 2, 3, 1, 4).reshape(b * c.kv_heads, group * t, c.head_dim)
        keys = k.permute(0, 2, 3, 1).reshape(b * c.kv_heads, c.head_dim, s)
        values = v.permute(0, 2, 1, 3).reshape(b * c.kv_heads, s, c.head_dim)
        weights = torch.softmax(torch.baddbmm(mask, q, keys, alpha=c.head_dim ** -0.5), -1)
        mixed = torch.bmm(weights, values).reshape(b, c.kv_heads, group, t, c.head_dim)
        mixed = mixed.permute(0, 3, 1, 2, 4).reshape(b, t, c.heads * c.head_dim)
        if keep is not None:
            x, mixed = x[keep], mixed[keep]
        x = x + F.linear(mixed, rounding(self.attn_output))
        h = rms_norm(x, self.ffn_norm, c.eps)
        gate, up = F.linear(h, rounding(torch.cat([self.ffn_gate, self.ffn_up]))).split(c.ffn, -1)
        return x + F.linear(F.silu(gate) * up, rounding(self.ffn_down)), (k, v)


class Llama(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.c = config
        self.token_embd = torch.nn.Parameter(torch.randn(config.vocab, config.dim) * 0.02)
        self.blk = torch.nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.output_norm = torch.nn.Parameter(torch.ones(config.dim))
        frequency = config.theta ** (-torch.arange(0, config.head_dim, 2) / config.head_dim)
        angle = torch.arange(config.context)[:, None] * frequency
        self.rotation = torch.polar(torch.ones_like(angle), angle)[:, None, :]  # (context, 1, E/2)

    def hidden(self, ids, keep, rounding=lambda w: w):
        """Normalised last states (N, D) at the kept positions (bool (B, T)) of right-padded ids (B, T), causal."""
        t, group = ids.shape[1], self.c.heads // self.c.kv_heads
        mask = torch.full((t, t), -math.inf).triu(1).repeat(group, 1)[None]
        x = F.embedding(ids, self.token_embd)
        for layer in self.blk:
            last = layer is self.blk[-1]
            x, _ = layer(x, self.rotation[:t], mask, rounding=rounding, keep=keep if last else None)
        return rms_norm(x, self.output_norm, self.c.eps)

    def logits(self, states):
        return F.linear(states, self.token_embd)

    @torch.no_grad()
    def greedy(self, prompts, limit=160):
        """Greedy continuations (lists of ids, without the end token) of a list of prompts (lists of ids).

        Prompts are left-padded into one batch; a rotation depends on distances only, so the padding is only masked.
        """
        width, b = max(map(len, prompts)), len(prompts)
        ids = torch.tensor([[PAD] * (width - len(p)) + p for p in prompts])
        pad = torch.tensor([[-1e9] * (width - len(p)) + [0.0] * len(p) for p in prompts])
        group, caches = self.c.heads // self.c.kv_heads, [None] * len(self.blk)
        out, done = [[] for _ in prompts], [False] * b
        for step in range(limit):
            t = ids.shape[1]
            causal = torch.full((t, t), -1e9).triu(1) if step == 0 else torch.zeros(1, width + step)
            mask = (causal[None] + pad[:, None]).repeat_interleave(self.c.kv_heads, 0).repeat(1, group, 1)
            x = F.embedding(ids, self.token_embd)
            start = 0 if step == 0 else width + step - 1
            for i, layer in enumerate(self.blk):
                x, caches[i] = layer(x, self.rotation[start:start + t], mask, caches[i])
            ids = self.logits(rms_norm(x[:, -1:], self.output_norm, self.c.eps)).argmax(-1)
            for row, token in enumerate(ids[:, 0].tolist()):
                done[row] = done[row] or token == END
                if not done[row]:
                    out[row].append(token)
            if all(done):
                break
            pad = F.pad(pad, (0, 1))
        return out
