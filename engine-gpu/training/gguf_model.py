# SPDX-License-Identifier: Apache-2.0
"""Loads a GGUF file of this folder back into torch, with dequantised weights, and its tokenizer."""
import torch

from bpe import Tokenizer
from gguf import Reader
from model import Config, Llama


def load(path):
    """(model, tokenizer) of a file; everything comes from the file."""
    file = Reader(path)
    meta = {key.removeprefix("llama."): value for key, value in file.metadata.items()}
    config = Config(meta["vocab_size"], meta["embedding_length"], meta["block_count"], meta["attention.head_count"],
                    meta["attention.head_count_kv"], meta["feed_forward_length"], meta["rope.dimension_count"],
                    meta["attention.layer_norm_rms_epsilon"], meta["rope.freq_base"], meta["context_length"])
    model = Llama(config)
    model.load_state_dict({name.removesuffix(".weight"): torch.tensor(t) for name, t in file.tensors.items()})
    tokenizer = Tokenizer([m.split(" ") for m in file.metadata["tokenizer.ggml.merges"]])
    if tokenizer.tokens != file.metadata["tokenizer.ggml.tokens"]:
        raise ValueError("the token list does not follow from the merges")
    return model, tokenizer
