#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often the target would accept the draft's greedy tokens: acceptance.py TARGET.gguf DRAFT.gguf

The target answers held-out records greedily; the draft then reads the same text.  A chain of K draft tokens begins
wherever the last one ended and counts up to its first difference, so that one pass of the draft over the target's
text tells everything.
"""
import argparse
import json

import torch

import generator
import gguf_model
from bpe import END
from generator import chat_messages


def agreement(draft, prompt, answer):
    """For each token of the answer (a list of ids), whether the draft's greedy choice is the same."""
    ids = torch.tensor([prompt + answer])
    keep = torch.arange(ids.shape[1] - 1)[None] >= len(prompt) - 1
    choices = draft.logits(draft.hidden(ids[:, :-1], keep)).argmax(-1)
    return (choices == ids[0, len(prompt):]).tolist()


def rounds(agrees, chain):
    """(verification passes of the target, draft tokens proposed, draft tokens accepted) for one answer."""
    at = passes = proposed = accepted = 0
    while at < len(agrees):
        offered = agrees[at:at + chain]
        kept = offered.index(False) if False in offered else len(offered)
        passes, proposed, accepted = passes + 1, proposed + len(offered), accepted + kept
        at += kept + 1
    return passes, proposed, accepted


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("draft")
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--chain", type=int, default=4)
    args = parser.parse_args()
    torch.set_num_threads(1)
    target, tokenizer = gguf_model.load(args.target)
    draft, _ = gguf_model.load(args.draft)
    for split in generator.SPLITS[1:]:
        prompts = [tokenizer.chat(chat_messages(r)) for r in generator.generate(split, args.seed, args.count)]
        prompts.sort(key=len)
        texts = [ids for i in range(0, len(prompts), 50) for ids in target.greedy(prompts[i:i + 50])]
        rows = [agreement(draft, p, ids + [END]) for p, ids in zip(prompts, texts)]
        tokens, equal = sum(map(len, rows)), sum(map(sum, rows))
        passes, proposed, accepted = (sum(c) for c in zip(*(rounds(row, args.chain) for row in rows)))
        print(json.dumps({"split": split, "seed": args.seed, "records": args.count, "tokens": tokens,
                          "equal_tokens_percent": round(100 * equal / tokens, 2), "chain": args.chain,
                          "accepted_of_proposed_percent": round(100 * accepted / proposed, 2),
                          "tokens_per_target_pass": round(tokens / passes, 3)}), flush=True)


if __name__ == "__main__":
    main()
