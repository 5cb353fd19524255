#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the byte-level BPE on generated records: train_tokenizer.py OUT.json"""
import sys

from bpe import CONTROL, Tokenizer, train_merges
from generator import answer_text, generate
from phrases import SYSTEM_PROMPTS

VOCAB = 1792
RECORDS = 40_000


def main():
    texts = [text for record in generate("train", 0, RECORDS) for text in (record["message"], answer_text(record["answer"]))]
    texts += SYSTEM_PROMPTS * (RECORDS // 50)
    Tokenizer(train_merges(texts, VOCAB - 256 - len(CONTROL))).save(sys.argv[1])


if __name__ == "__main__":
    main()
