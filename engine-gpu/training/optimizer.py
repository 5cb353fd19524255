# SPDX-License-Identifier: Apache-2.0
"""Muon for the matrices of the layers, AdamW for the embeddings and norms, under one schedule."""
import torch


def orthogonalised(matrix, steps=5):
    """Roughly the nearest matrix with orthonormal rows or columns (quintic Newton-Schulz iteration).

    Every iterate is a polynomial of the first Gram matrix times the input, so only the small square side is iterated.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    gram, eye = x @ x.T, torch.eye(x.shape[0])
    total = eye
    for _ in range(steps):
        factor = a * eye + b * gram + c * gram @ gram
        total, gram = factor @ total, factor @ gram @ factor
    x = total @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised, scaled so that every update has about the same size per weight."""

    def __init__(self, params, lr, momentum=0.95, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["mean"] = torch.zeros_like(p)
                state["mean"].lerp_(p.grad, 1 - group["momentum"])
                update = orthogonalised(p.grad.lerp(state["mean"], group["momentum"]))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5)


def optimizers(model, matrix_lr=0.02, other_lr=0.004):
    """[Muon, AdamW] over the model's parameters; each group remembers its peak rate as ``peak``."""
    matrices = [p for layer in model.blk for p in layer.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if all(p is not m for m in matrices)]
    pair = [Muon(matrices, lr=matrix_lr, weight_decay=0.05),
            torch.optim.AdamW(others, lr=other_lr, betas=(0.9, 0.98), weight_decay=0.0)]
    for optimizer in pair:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return pair


def set_rate(pair, step, steps, warm_up=100, decay=0.36):
    """Linear warm-up, constant, then a straight line to 2 % of the peak over the last ``decay`` of the steps."""
    left = (steps - step) / (steps * decay)
    factor = min(1.0, (step + 1) / warm_up, max(0.02, left))
    for optimizer in pair:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * factor
