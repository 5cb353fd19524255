# SPDX-License-Identifier: Apache-2.0
"""Token sequences and batches for training, made on the fly from the generator."""
import random

import torch

from bpe import END, PAD
from generator import answer_text, chat_messages, generate

TWO_TURNS = 0.04  # share of records that are put behind another record, as a second turn


def sequences(tokenizer, seed, count):
    """List of (ids, is_answer): token ids and, for each, whether it is part of an answer."""
    rng, out = random.Random(f"sequences/{seed}"), []
    for record in generate("train", seed, count):
        prompt = tokenizer.chat(chat_messages(record))
        answer = tokenizer.encode(answer_text(record["answer"])) + [END]
        ids, mask = prompt + answer, [False] * len(prompt) + [True] * len(answer)
        if out and "system" not in record and rng.random() < TWO_TURNS:
            ids, mask = out[-1][0] + ids, out[-1][1] + mask
            out[-1] = (ids, mask)
        else:
            out.append((ids, mask))
    return out


def batches(tokenizer, seed, batch_tokens, chunk=4096):
    """Endless stream of (ids (B, T) int64, is_answer (B, T) bool), about ``batch_tokens`` tokens each.

    Each chunk of records is sorted by length, cut into batches, and the batches are shuffled.
    """
    number = 0
    while True:
        rng = random.Random(f"batches/{seed}/{number}")
        ordered = sorted(sequences(tokenizer, seed * 100_000 + number, chunk), key=lambda s: len(s[0]))
        ready, start = [], 0
        while start < len(ordered):
            end = start + 1
            while end < len(ordered) and (end + 1 - start) * len(ordered[end][0]) <= batch_tokens:
                end += 1
            ready.append(pad(ordered[start:end]))
            start = end
        rng.shuffle(ready)
        yield from ready
        number += 1


def pad(group):
    """Right-pads a list of sequences to (ids, is_answer)."""
    width = max(len(ids) for ids, _ in group)
    ids = torch.full((len(group), width), PAD)
    mask = torch.zeros(len(group), width, dtype=torch.bool)
    for row, (tokens, is_answer) in enumerate(group):
        ids[row, :len(tokens)] = torch.tensor(tokens)
        mask[row, :len(tokens)] = torch.tensor(is_answer)
    return ids, mask
