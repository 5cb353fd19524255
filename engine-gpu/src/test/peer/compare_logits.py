#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares two files of logits of the same model and tokens: Millrace's and another program's.

  1. Let the other program answer greedily, and write its logits (float32, little-endian,
     [steps][vocabulary]) and its token ids: llama_cpp_logits.py beside this file does, with
     llama.cpp's shared library.
  2. Let Millrace go the same way:
       ./millrace generate --model M.gguf --tokens 1,2,3 --steps 128 --greedy --print-tokens \\
           --force-tokens PEER.ids --logits OURS.bin > OURS.ids
  3. compare_logits.py PEER.bin OURS.bin VOCABULARY [NAME]

A step counts where the peer's margin between its first two tokens exceeds 4 times the largest
difference of any logit; there the first must be ours too. Exit 0 if it is in all of them.
"""
import sys

import numpy as np


def compare(peer, ours):
    """peer, ours: float32 [steps][vocabulary]."""
    difference = np.abs(peer.astype(np.float64) - ours)
    two = np.sort(peer, axis=1)[:, -2:]
    counted = (two[:, 1] - two[:, 0]) > 4 * difference.max()
    same = peer.argmax(axis=1) == ours.argmax(axis=1)
    return {
        "steps": len(peer),
        "counted": int(counted.sum()),
        "same_where_counted": int((same & counted).sum()),
        "same_of_all": int(same.sum()),
        "max": float(difference.max()),
        "mean_over_std": float(difference.mean() / peer.std()),
    }


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    vocabulary = int(sys.argv[3])
    peer, ours = (np.fromfile(f, "<f4").reshape(-1, vocabulary) for f in sys.argv[1:3])
    if peer.shape != ours.shape:
        sys.exit(f"{len(peer)} steps there, {len(ours)} here")
    r = compare(peer, ours)
    name = sys.argv[4] if len(sys.argv) == 5 else sys.argv[2]
    print(
        f"{name}: same top token in {r['same_where_counted']} of {r['counted']} counted steps"
        f" ({1 - r['counted'] / r['steps']:.0%} of {r['steps']} left out; {r['same_of_all']} same of"
        f" all), largest difference {r['max']:.2e}, mean difference"
        f" {100 * r['mean_over_std']:.4f} % of the standard deviation"
    )
    sys.exit(0 if r["same_where_counted"] == r["counted"] > 0 else 1)


if __name__ == "__main__":
    main()
