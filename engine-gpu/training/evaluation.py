# SPDX-License-Identifier: Apache-2.0
"""Greedy answers of a torch model to generated records."""
from generator import chat_messages


def answers(model, tokenizer, records, batch=50, limit=160):
    """The model's greedy text for each record, in the records' order."""
    prompts = [tokenizer.chat(chat_messages(r)) for r in records]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    texts = [None] * len(prompts)
    for start in range(0, len(order), batch):
        rows = order[start:start + batch]
        for i, ids in zip(rows, model.greedy([prompts[i] for i in rows], limit)):
            texts[i] = tokenizer.decode(ids)
    return texts
