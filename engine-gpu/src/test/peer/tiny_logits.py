#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the expected logits of ArchitectureTest with llama.cpp: see architectures/README.md.

  tiny_logits.py LIBRARIES MODELS OUT
"""
import glob
import os
import sys

from llama_cpp_logits import LlamaCpp

TOKENS = [1, 17, 40, 3, 25, 25, 9, 33, 12, 47, 5, 20]  # TinyModel.TOKENS
CONTEXT = 128  # TinyModel.CONTEXT

libraries, models, out = sys.argv[1:]
peer = LlamaCpp(libraries)
for model in sorted(glob.glob(os.path.join(models, "*.gguf"))):
    # one token at a time: every position's logits
    logits, _ = peer.logits(model, TOKENS[:1], len(TOKENS), TOKENS[1:] + [0], CONTEXT)
    logits.tofile(os.path.join(out, os.path.basename(model).replace(".gguf", ".f32")))
    print(os.path.basename(model), "standard deviation", logits.std())
