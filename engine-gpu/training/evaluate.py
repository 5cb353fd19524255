#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scores GGUF files on freshly generated held-out records: evaluate.py [--seed S] [--count N] FILE.gguf ..."""
import argparse
import json
import os

import torch

import evaluation
import generator
import gguf_model
import score


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for path in args.files:
        model, tokenizer = gguf_model.load(path)
        for split in generator.SPLITS[1:]:
            records = list(generator.generate(split, args.seed, args.count))
            result = score.scores([r["answer"] for r in records], evaluation.answers(model, tokenizer, records))
            print(json.dumps({"file": os.path.basename(path), "split": split, "seed": args.seed, **result}), flush=True)


if __name__ == "__main__":
    main()
