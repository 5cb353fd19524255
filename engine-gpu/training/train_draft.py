#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Distils the draft model from the trained target; resumes from the checkpoint in the work folder.

    python3 train_draft.py WORK [--steps N]     reads WORK/tokenizer.json and target.pt, writes WORK/draft.pt

The run begins with the generator's expected answers, which nearly always are what the target writes.  Then the loss
is the divergence from the target's token distribution along the target's own greedy path: an answer counts up to and
with the first token at which the target's greedy choice leaves the expected answer (most never leave it).
"""
import argparse
import itertools
import os

import torch
import torch.nn.functional as F

import data
import train_target
import training_run
from bpe import PAD, Tokenizer
from model import Config, Llama

SEED = 2
BATCH_TOKENS = 4000
PROMPT_SHARE = 0.05
PLAIN_SHARE = 0.8  # first part of the steps, on the expected answers alone: three times as fast


def DRAFT(vocab):
    """The draft's shape."""
    return Config(vocab, dim=64, layers=3, heads=4, kv_heads=2, ffn=256)


def greedy_path(ids, is_answer, choices):
    """Answer positions (B, T) whose whole prefix the target would have written itself.

    ids (B, T): the tokens to predict; is_answer (B, T); choices (N,): the target's greedy tokens where is_answer.
    """
    agrees = torch.ones_like(is_answer)
    agrees[is_answer] = choices == ids[is_answer]
    before = F.pad(agrees[:, :-1], (1, 0), value=True)
    return is_answer & before.long().cumprod(1).bool()


def divergence(draft, target, ids, is_answer):
    """Mean divergence of the draft from the target on the target's path and on a few prompt tokens."""
    inputs, ids, is_answer = ids[:, :-1], ids[:, 1:], is_answer[:, 1:]
    sampled = ~is_answer & (ids != PAD) & (torch.rand(ids.shape) < PROMPT_SHARE)
    with torch.no_grad():
        goal = target.logits(target.hidden(inputs, is_answer | sampled)).log_softmax(-1)
    wanted = greedy_path(ids, is_answer, goal.argmax(-1)[is_answer[is_answer | sampled]]) | sampled
    goal = goal[wanted[is_answer | sampled]]
    guess = draft.logits(draft.hidden(inputs, wanted)).log_softmax(-1)
    return F.kl_div(guess, goal, reduction="batchmean", log_target=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("--steps", type=int, default=1800)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    tokenizer = Tokenizer.load(os.path.join(args.work, "tokenizer.json"))
    target = Llama(train_target.TARGET(len(tokenizer.tokens)))
    target.load_state_dict(torch.load(os.path.join(args.work, "target.pt"))["model"])
    draft = Llama(DRAFT(len(tokenizer.tokens)))
    run = training_run.Run(os.path.join(args.work, "draft.pt"), draft, tokenizer, args.steps, evaluate_every=600)
    stream = itertools.islice(data.batches(tokenizer, SEED, BATCH_TOKENS), run.step, None)

    def batch_loss(ids, is_answer, step):
        if step < args.steps * PLAIN_SHARE:
            return train_target.loss_of(draft, ids, is_answer)
        return divergence(draft, target, ids, is_answer)

    run.train(batch_loss, stream)


if __name__ == "__main__":
    main()
