#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Computes a Hugging Face folder's logits in float64 with PyTorch, straight from its files.

  huggingface_reference.py FOLDER TOKENS ROWS CONTEXT OUT

TOKENS and ROWS: numbers with commas. Writes the logits behind the positions ROWS (float32,
little-endian, [rows][vocabulary]).

Written from what transformers' modelling and configuration classes say of each family, under
their names and with their defaults, all positions at once: it shares nothing with Millrace. The
one thing it takes from Millrace is that a context longer than the original one means phi3's long
factors, where transformers goes by the length so far.
"""
import json
import math
import pathlib
import struct
import sys

import torch

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def load_weights(folder):
    weights = {}
    for path in sorted(folder.glob("*.safetensors")):
        raw = path.read_bytes()
        (length,) = struct.unpack("<Q", raw[:8])
        header = json.loads(raw[8 : 8 + length])
        header.pop("__metadata__", None)
        for name, info in header.items():
            begin, end = (8 + length + o for o in info["data_offsets"])
            data = torch.frombuffer(bytearray(raw[begin:end]), dtype=DTYPES[info["dtype"]])
            weights[name] = data.reshape(info["shape"]).double()
    return weights


class Config:
    """config.json over the defaults of the family's configuration class."""

    DEFAULTS = {
        "gemma2": dict(
            num_attention_heads=8, num_key_value_heads=4, head_dim=256, rms_norm_eps=1e-6,
            rope_theta=1e4, sliding_window=4096, query_pre_attn_scalar=256,
            attn_logit_softcapping=50.0, final_logit_softcapping=30.0,
            max_position_embeddings=8192),
        "gemma3": dict(
            num_attention_heads=8, num_key_value_heads=4, head_dim=256, rms_norm_eps=1e-6,
            rope_theta=1e6, rope_local_base_freq=1e4, sliding_window=4096,
            sliding_window_pattern=6, query_pre_attn_scalar=256,
            max_position_embeddings=131072),
    }  # fmt: skip

    def __init__(self, folder):
        values = json.loads((folder / "config.json").read_text())
        name = values["architectures"][0]
        self.family = next(
            f for f in ("llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3")
            if name.lower().startswith(f)
        )  # fmt: skip
        self.values = dict(self.DEFAULTS.get(self.family, {}))
        self.values.update(values.get("text_config", values))
        self.gemma = self.family.startswith("gemma")

    def __getattr__(self, name):
        return self.values.get(name)

    def window(self, layer):
        """Positions that a layer sees; None for all."""
        if self.family == "gemma2":
            return self.sliding_window if (layer + 1) % 2 else None
        if self.family == "gemma3":
            return self.sliding_window if (layer + 1) % self.sliding_window_pattern else None
        if self.family in ("mistral", "phi3"):
            return self.sliding_window
        if self.family in ("qwen2", "qwen3") and self.use_sliding_window:
            return self.sliding_window if layer >= self.max_window_layers else None
        return None


def rotation(config, head_dim, context, local):
    """Frequencies, and what cosine and sine are multiplied by."""
    dim = int(head_dim * (config.partial_rotary_factor or 1))
    base = config.rope_local_base_freq if local else config.rope_theta or 1e4
    exponents = torch.arange(0, dim, 2, dtype=torch.float64) / dim
    powers = base**exponents
    scaling = None if local else config.rope_scaling
    if not scaling:
        return 1 / powers, 1.0
    kind = scaling.get("rope_type", scaling.get("type"))
    if kind == "linear":
        return 1 / (powers * scaling["factor"]), 1.0
    if kind == "llama3":
        return llama3(1 / powers, scaling), 1.0
    original = scaling.get(
        "original_max_position_embeddings", config.original_max_position_embeddings
    )
    if kind == "yarn":
        return yarn(powers, scaling["factor"], original, base, dim)
    if kind == "longrope":
        factors = scaling["long_factor" if context > original else "short_factor"]
        ratio = config.max_position_embeddings / original
        magnitude = math.sqrt(1 + math.log(ratio) / math.log(original)) if ratio > 1 else 1.0
        return 1 / (torch.tensor(factors, dtype=torch.float64) * powers), magnitude
    raise SystemExit(f"rope scaling {kind}")


def llama3(frequencies, scaling):
    factor, low, high = (scaling[k] for k in ("factor", "low_freq_factor", "high_freq_factor"))
    context = scaling["original_max_position_embeddings"]
    out = []
    for f in frequencies.tolist():
        wave = 2 * math.pi / f
        if wave < context / high:
            out.append(f)
        elif wave > context / low:
            out.append(f / factor)
        else:
            smooth = (context / wave - low) / (high - low)
            out.append((1 - smooth) * f / factor + smooth * f)
    return torch.tensor(out, dtype=torch.float64)


def yarn(powers, factor, original, base, dim, fast=32, slow=1):
    def correction(turns):
        return dim * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(base))

    low = max(math.floor(correction(fast)), 0)
    high = min(math.ceil(correction(slow)), dim - 1)
    ramp = ((torch.arange(dim // 2).double() - low) / max(high - low, 0.001)).clamp(0, 1)
    extrapolated, interpolated = 1 / powers, 1 / (factor * powers)
    return interpolated * ramp + extrapolated * (1 - ramp), 0.1 * math.log(factor) + 1


def rotate(x, frequencies, magnitude):
    """x: [heads][positions][head_dim]; the first 2 * len(frequencies) elements turn."""
    width = 2 * len(frequencies)
    angles = torch.outer(torch.arange(x.shape[1]).double(), frequencies)
    angles = torch.cat((angles, angles), -1)
    turning, rest = x[..., :width], x[..., width:]
    half = torch.cat((-turning[..., width // 2 :], turning[..., : width // 2]), -1)
    turned = turning * angles.cos() * magnitude + half * angles.sin() * magnitude
    return torch.cat((turned, rest), -1)


class Model:
    def __init__(self, folder, context):
        self.config = Config(folder)
        self.weights = load_weights(folder)
        self.prefix = next(
            n[: -len("embed_tokens.weight")] for n in self.weights if n.endswith("embed_tokens.weight")
        )
        self.context = context

    def norm(self, x, name):
        weight = self.weights[name + ".weight"]
        x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.config.rms_norm_eps)
        return x * (1 + weight) if self.config.gemma else x * weight

    def linear(self, x, name):
        y = x @ self.weights[name + ".weight"].T
        bias = self.weights.get(name + ".bias")
        return y if bias is None else y + bias

    def attention(self, x, layer, i):
        config, name = self.config, layer + "self_attn."
        heads = config.num_attention_heads
        kv_heads = config.num_key_value_heads or heads
        head_dim = config.head_dim or config.hidden_size // heads
        if config.family == "phi3":
            sizes = [heads * head_dim, kv_heads * head_dim, kv_heads * head_dim]
            q, k, v = self.linear(x, name + "qkv_proj").split(sizes, -1)
        else:
            q, k, v = (self.linear(x, name + p + "_proj") for p in "qkv")
        q, k, v = (t.view(len(x), -1, head_dim).transpose(0, 1) for t in (q, k, v))
        if config.family in ("qwen3", "gemma3"):
            q, k = self.norm(q, name + "q_norm"), self.norm(k, name + "k_norm")
        window = config.window(i)
        local = config.family == "gemma3" and window is not None
        turn = rotation(config, head_dim, self.context, local)
        q, k = rotate(q, *turn), rotate(k, *turn)
        k, v = (t.repeat_interleave(heads // kv_heads, 0) for t in (k, v))
        scores = q @ k.transpose(1, 2)
        scores = scores * ((config.query_pre_attn_scalar if config.gemma else head_dim) ** -0.5)
        if config.attn_logit_softcapping:
            cap = config.attn_logit_softcapping
            scores = torch.tanh(scores / cap) * cap
        at = torch.arange(len(x))
        distance = at[:, None] - at[None, :]
        hidden = distance < 0
        if window is not None:
            hidden = hidden | (distance >= window)
        weights = scores.masked_fill(hidden, -math.inf).softmax(-1)
        return self.linear((weights @ v).transpose(0, 1).reshape(len(x), -1), name + "o_proj")

    def feed_forward(self, x, name):
        if self.config.family == "phi3":
            gate, up = self.linear(x, name + "gate_up_proj").chunk(2, -1)
        else:
            gate, up = self.linear(x, name + "gate_proj"), self.linear(x, name + "up_proj")
        if self.config.gemma:
            inner = math.sqrt(2 / math.pi) * (gate + 0.044715 * gate**3)
            gate = 0.5 * gate * (1 + torch.tanh(inner))
        else:
            gate = gate * torch.sigmoid(gate)
        return self.linear(gate * up, name + "down_proj")

    def logits(self, tokens):
        config = self.config
        embeddings = self.weights[self.prefix + "embed_tokens.weight"]
        x = embeddings[tokens]
        if config.gemma:
            x = x * math.sqrt(config.hidden_size)
        for i in range(config.num_hidden_layers):
            layer = f"{self.prefix}layers.{i}."
            y = self.attention(self.norm(x, layer + "input_layernorm"), layer, i)
            if config.gemma:
                x = x + self.norm(y, layer + "post_attention_layernorm")
                y = self.feed_forward(self.norm(x, layer + "pre_feedforward_layernorm"), layer + "mlp.")
                x = x + self.norm(y, layer + "post_feedforward_layernorm")
            else:
                x = x + y
                x = x + self.feed_forward(
                    self.norm(x, layer + "post_attention_layernorm"), layer + "mlp."
                )
        x = self.norm(x, self.prefix + "norm")
        tied = config.gemma or config.tie_word_embeddings
        y = x @ (embeddings if tied else self.weights["lm_head.weight"]).T
        if config.final_logit_softcapping:
            cap = config.final_logit_softcapping
            y = torch.tanh(y / cap) * cap
        return y


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    tokens, rows = ([int(t) for t in text.split(",")] for text in sys.argv[2:4])
    logits = Model(folder, int(sys.argv[4])).logits(tokens)
    pathlib.Path(sys.argv[5]).write_bytes(logits[rows].float().contiguous().numpy().tobytes())


if __name__ == "__main__":
    main()
