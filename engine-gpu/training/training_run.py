# SPDX-License-Identifier: Apache-2.0
"""The loop that both models share: schedule, checkpoint, resume, log, held-out scores on the way."""
import os
import time

import torch

import evaluation
import generator
import score
from optimizer import optimizers, set_rate

LOG_EVERY = 50
SAVE_EVERY = 100


class Run:
    """One training run of ``model`` with its checkpoint file."""

    def __init__(self, checkpoint, model, tokenizer, steps, evaluate_every):
        self.checkpoint, self.model, self.tokenizer = checkpoint, model, tokenizer
        self.steps, self.evaluate_every = steps, evaluate_every
        self.optimizers = optimizers(model)
        self.step, self.seconds, self.tokens = 0, 0.0, 0
        if os.path.exists(checkpoint):
            saved = torch.load(checkpoint)
            model.load_state_dict(saved["model"])
            for optimizer, state in zip(self.optimizers, saved["optimizers"]):
                optimizer.load_state_dict(state)
            self.step, self.seconds, self.tokens = saved["step"], saved["seconds"], saved["tokens"]
            torch.set_rng_state(saved["random"])

    def train(self, loss_of, stream):
        """Runs to the last step; ``loss_of(ids, is_answer, step)`` gives the loss of one batch."""
        running, last = 0.0, time.time()
        while self.step < self.steps:
            ids, is_answer = next(stream)
            set_rate(self.optimizers, self.step, self.steps)
            loss = loss_of(ids, is_answer, self.step)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            for optimizer in self.optimizers:
                optimizer.step()
            self.model.zero_grad()
            self.step += 1
            self.tokens += ids.numel()
            running += loss.item()
            if self.step % LOG_EVERY == 0:
                self.seconds, last = self.seconds + time.time() - last, time.time()
                loss = running / LOG_EVERY
                print(f"step {self.step} loss {loss:.4f} tokens {self.tokens} seconds {self.seconds:.0f}", flush=True)
                running = 0.0
            if self.step % SAVE_EVERY == 0 or self.step == self.steps:
                self.save()
            if self.step % self.evaluate_every == 0 or self.step == self.steps:
                self.report(300 if self.step == self.steps else 100)
                last = time.time()

    def save(self):
        state = {"model": self.model.state_dict(), "optimizers": [o.state_dict() for o in self.optimizers], "step": self.step,
                 "seconds": self.seconds, "tokens": self.tokens, "random": torch.get_rng_state()}
        torch.save(state, self.checkpoint + ".new")
        os.replace(self.checkpoint + ".new", self.checkpoint)

    def report(self, count):
        """One line of scores per held-out split."""
        for split in generator.SPLITS[1:]:
            records = list(generator.generate(split, 999, count))
            result = score.scores([r["answer"] for r in records], evaluation.answers(self.model, self.tokenizer, records))
            print(f"  {split:14}", {k: v for k, v in result.items() if k != "records"}, flush=True)
