#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the target model; resumes from the checkpoint in the work folder.

    python3 train_target.py WORK [--steps N]       reads WORK/tokenizer.json, writes WORK/target.pt
"""
import argparse
import itertools
import os

import torch
import torch.nn.functional as F

import data
import training_run
from bpe import PAD, Tokenizer
from model import Config, Llama
from quant import straight_through_q4_0

SEED = 1
BATCH_TOKENS = 3000
PROMPT_SHARE = 0.12  # prompt tokens that take part in the loss, drawn at random
ROUNDING_SHARE = 0.3  # last part of the steps in which two steps of three see Q4_0-rounded matrices


def TARGET(vocab):
    """The target's shape."""
    return Config(vocab, dim=256, layers=4, heads=8, kv_heads=4, ffn=768)


def loss_of(model, ids, is_answer, rounding=lambda w: w):
    """Mean cross-entropy over the answer tokens and a few prompt tokens."""
    target, wanted = ids[:, 1:], is_answer[:, 1:]
    wanted = wanted | ((torch.rand(wanted.shape) < PROMPT_SHARE) & (target != PAD))
    return F.cross_entropy(model.logits(model.hidden(ids[:, :-1], wanted, rounding)), target[wanted])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("--steps", type=int, default=3000)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    tokenizer = Tokenizer.load(os.path.join(args.work, "tokenizer.json"))
    model = Llama(TARGET(len(tokenizer.tokens)))
    run = training_run.Run(os.path.join(args.work, "target.pt"), model, tokenizer, args.steps, evaluate_every=400)
    stream = itertools.islice(data.batches(tokenizer, SEED, BATCH_TOKENS), run.step, None)

    def batch_loss(ids, is_answer, step):
        rounded = step > args.steps * (1 - ROUNDING_SHARE) and step % 3
        return loss_of(model, ids, is_answer, straight_through_q4_0 if rounded else lambda w: w)

    run.train(batch_loss, stream)


if __name__ == "__main__":
    main()
