#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers greedily with llama.cpp's shared libraries and writes every step's logits.

  npm i node-llama-cpp@3.22.1      (in any folder: it brings llama.cpp v0.5.0 as libraries)
  llama_cpp_logits.py LIBRARIES MODEL.gguf 1,2,3 STEPS OUT.bin OUT.ids [--force IDS] [--context N]

LIBRARIES is the folder of libllama and libggml, of node-llama-cpp's:
node_modules/@node-llama-cpp/linux-x64/bins/linux-x64. OUT.bin: float32, little-endian,
[steps][vocabulary]; OUT.ids: the token ids of the answer. With --force, step i goes on with id i of
a file instead of the model's choice. Keys and values are kept in float32, without flash attention,
on one thread.
"""
import argparse
import ctypes
import glob
import os
import sys

import numpy as np

# Where llama_context_params keeps what we set, in 4-byte words, and what stands there by default.
N_CTX, N_BATCH, N_UBATCH, N_THREADS, N_THREADS_BATCH = 0, 1, 2, 7, 8
FLASH_ATTENTION, TYPE_K, TYPE_V = 13, 26, 27
DEFAULTS = {N_CTX: 512, N_BATCH: 2048, N_UBATCH: 512, FLASH_ATTENTION: 0xFFFFFFFF, TYPE_K: 1, TYPE_V: 1}
F32 = 0


class Params(ctypes.Structure):
    """Larger than any of llama.cpp's structures of parameters, which travel on the stack."""

    _fields_ = [("words", ctypes.c_uint32 * 128)]


class Batch(ctypes.Structure):
    _fields_ = [("n_tokens", ctypes.c_int32)] + [
        (name, ctypes.c_void_p) for name in ("token", "embd", "pos", "n_seq_id", "seq_id", "logits")
    ]


class LlamaCpp:
    def __init__(self, folder):
        def library(name):
            files = sorted(glob.glob(os.path.join(folder, name)))
            if not files:
                sys.exit(f"there is no {name} in {folder}")
            return ctypes.CDLL(files[0], mode=ctypes.RTLD_GLOBAL)

        library("libggml-base*.so")
        backends = library("libggml.*so")
        self.llama = lib = library("libllama.*so")
        log = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
        self.log = log(lambda level, text, data: sys.stderr.write(text.decode()) if level == 4 else None)
        lib.llama_log_set(self.log, None)
        backends.ggml_backend_load_all_from_path(folder.encode())
        lib.llama_model_default_params.restype = Params
        lib.llama_context_default_params.restype = Params
        lib.llama_model_load_from_file.argtypes = [ctypes.c_char_p, Params]
        lib.llama_model_load_from_file.restype = ctypes.c_void_p
        lib.llama_init_from_model.argtypes = [ctypes.c_void_p, Params]
        lib.llama_init_from_model.restype = ctypes.c_void_p
        lib.llama_model_get_vocab.argtypes = [ctypes.c_void_p]
        lib.llama_model_get_vocab.restype = ctypes.c_void_p
        lib.llama_vocab_n_tokens.argtypes = [ctypes.c_void_p]
        lib.llama_batch_get_one.argtypes = [ctypes.c_void_p, ctypes.c_int32]
        lib.llama_batch_get_one.restype = Batch
        lib.llama_decode.argtypes = [ctypes.c_void_p, Batch]
        lib.llama_get_logits_ith.argtypes = [ctypes.c_void_p, ctypes.c_int32]
        lib.llama_get_logits_ith.restype = ctypes.POINTER(ctypes.c_float)
        lib.llama_free.argtypes = [ctypes.c_void_p]
        lib.llama_model_free.argtypes = [ctypes.c_void_p]

    def logits(self, path, prompt, steps, forced=None, context=512):
        """float32 [steps][vocabulary], and the ids that were the most likely."""
        lib = self.llama
        model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
        if not model:
            sys.exit(f"llama.cpp cannot load {path}")
        params = lib.llama_context_default_params()
        if any(params.words[at] != value for at, value in DEFAULTS.items()):
            sys.exit("this llama.cpp keeps its parameters elsewhere than v0.5.0")
        params.words[N_CTX] = context
        params.words[N_THREADS] = params.words[N_THREADS_BATCH] = 1
        params.words[FLASH_ATTENTION] = 0
        params.words[TYPE_K] = params.words[TYPE_V] = F32
        ctx = lib.llama_init_from_model(model, params)
        if not ctx:
            sys.exit(f"llama.cpp cannot run {path}")
        vocabulary = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
        logits = np.zeros((steps, vocabulary), "<f4")
        ids = []
        feed = list(prompt)
        for step in range(steps):
            tokens = (ctypes.c_int32 * len(feed))(*feed)
            if lib.llama_decode(ctx, lib.llama_batch_get_one(tokens, len(feed))):
                sys.exit(f"llama.cpp failed in step {step}")
            row = lib.llama_get_logits_ith(ctx, -1)
            logits[step] = np.ctypeslib.as_array(row, (vocabulary,))
            ids.append(int(logits[step].argmax()))
            feed = [forced[step] if forced else ids[-1]]
        lib.llama_free(ctx)
        lib.llama_model_free(model)
        return logits, ids


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("libraries")
    parser.add_argument("model")
    parser.add_argument("prompt")
    parser.add_argument("steps", type=int)
    parser.add_argument("logits")
    parser.add_argument("ids")
    parser.add_argument("--force")
    parser.add_argument("--context", type=int, default=512)
    args = parser.parse_args()
    forced = None
    if args.force:
        with open(args.force) as file:
            forced = [int(id) for id in file.read().replace(",", " ").split()]
    prompt = [int(id) for id in args.prompt.split(",")]
    peer = LlamaCpp(args.libraries)
    logits, ids = peer.logits(args.model, prompt, args.steps, forced, args.context)
    logits.tofile(args.logits)
    with open(args.ids, "w") as file:
        print(*ids, file=file)


if __name__ == "__main__":
    main()
