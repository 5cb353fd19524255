#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what peer_check.mjs compares: peer_records.py FILE.gguf [--count N] > records.jsonl

Each line: the chat text and its ids as this folder's tokenizer makes them, and this folder's greedy answer in torch.
"""
import argparse
import json

import torch

import evaluation
import generator
import gguf_model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--count", type=int, default=20, help="records per split")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = gguf_model.load(args.file)
    for split in generator.SPLITS[1:]:
        records = list(generator.generate(split, args.seed, args.count))
        for record, answer in zip(records, evaluation.answers(model, tokenizer, records, batch=1)):
            messages = generator.chat_messages(record)
            text = "".join(f"<|{m['role']}|>{m['content']}<|end|>" for m in messages) + "<|assistant|>"
            print(json.dumps({"text": text, "prompt": tokenizer.chat(messages), "answer": answer}))


if __name__ == "__main__":
    main()
