#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the GGUF files of the trained pair: export.py WORK OUT (reads WORK/tokenizer.json, target.pt, draft.pt)."""
import os
import sys

import torch

import gguf
from bpe import CHAT_TEMPLATE, CONTROL, END, PAD, Tokenizer
from model import Llama
from train_draft import DRAFT
from train_target import TARGET

FILES = [("target", "f16"), ("target", "q8_0"), ("target", "q4_0"), ("draft", "f16"), ("draft", "q8_0")]
NORMAL, CONTROL_TOKEN = 1, 3
# matrices' type, embeddings' type, general.file_type
FORMATS = {"f16": (gguf.F16, gguf.F16, 1), "q8_0": (gguf.Q8_0, gguf.Q8_0, 7), "q4_0": (gguf.Q4_0, gguf.Q8_0, 2)}


def metadata(name, config, tokenizer, file_type):
    """The key-value part of a file."""
    return [
        ("general.architecture", "str", "llama"),
        ("general.name", "str", name),
        ("general.license", "str", "apache-2.0"),
        ("general.file_type", "u32", file_type),
        ("general.quantization_version", "u32", 2),
        ("llama.vocab_size", "u32", config.vocab),
        ("llama.context_length", "u32", config.context),
        ("llama.embedding_length", "u32", config.dim),
        ("llama.block_count", "u32", config.layers),
        ("llama.feed_forward_length", "u32", config.ffn),
        ("llama.attention.head_count", "u32", config.heads),
        ("llama.attention.head_count_kv", "u32", config.kv_heads),
        ("llama.attention.key_length", "u32", config.head_dim),
        ("llama.attention.value_length", "u32", config.head_dim),
        ("llama.attention.layer_norm_rms_epsilon", "f32", config.eps),
        ("llama.rope.dimension_count", "u32", config.head_dim),
        ("llama.rope.freq_base", "f32", config.theta),
        ("tokenizer.ggml.model", "str", "gpt2"),
        ("tokenizer.ggml.pre", "str", "gpt-2"),
        ("tokenizer.ggml.tokens", "[str]", tokenizer.tokens),
        ("tokenizer.ggml.token_type", "[i32]",
         [CONTROL_TOKEN if i < len(CONTROL) else NORMAL for i in range(len(tokenizer.tokens))]),
        ("tokenizer.ggml.merges", "[str]", [" ".join(pair) for pair in tokenizer.merges]),
        ("tokenizer.ggml.bos_token_id", "u32", END),
        ("tokenizer.ggml.eos_token_id", "u32", END),
        ("tokenizer.ggml.padding_token_id", "u32", PAD),
        ("tokenizer.ggml.add_bos_token", "bool", False),
        ("tokenizer.ggml.add_space_prefix", "bool", False),
        ("tokenizer.chat_template", "str", CHAT_TEMPLATE),
    ]


def tensors(state, matrix_type, embedding_type):
    """(name, array, type) of every parameter, under llama.cpp's names; norms stay F32."""
    for name, value in state.items():
        kind = gguf.F32 if value.dim() == 1 else embedding_type if name == "token_embd" else matrix_type
        yield f"{name}.weight", value.numpy(), kind


def main():
    work, out = sys.argv[1:]
    tokenizer = Tokenizer.load(os.path.join(work, "tokenizer.json"))
    for role, form in FILES:
        config = {"target": TARGET, "draft": DRAFT}[role](len(tokenizer.tokens))
        model = Llama(config)
        model.load_state_dict(torch.load(os.path.join(work, f"{role}.pt"), map_location="cpu")["model"])
        matrix_type, embedding_type, file_type = FORMATS[form]
        path = os.path.join(out, f"tickets-{role}-{form}.gguf")
        gguf.write(path, metadata(f"tickets-{role}", config, tokenizer, file_type),
                   list(tensors(model.state_dict(), matrix_type, embedding_type)))
        print(path, os.path.getsize(path), "bytes,", sum(p.numel() for p in model.parameters()), "parameters")


if __name__ == "__main__":
    main()
