#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeded generator of customer-support messages and the JSON object that each one asks for.

    python3 generator.py --split train|seen|unseen|unseen-family --seed S --count N [--format jsonl|openai-batch]

Splits (by core skeleton, see skeletons.py; a core skeleton with one choice of wordings is an *expansion*):

* ``train``, ``seen``: families and expansions that are not held out.  ``seen`` is the same population as
  ``train`` under another seed stream: other slots, other surroundings, other typos.
* ``unseen``: expansions of the training families whose hash is held out (about one in ten); the hash is taken
  before the determiner of the product mention is varied (the, my, our).
* ``unseen-family``: all expansions of the families whose index is 7 modulo 8.

Same split, seed and count give the same lines on every machine (SHA-256 and Python's Mersenne twister).
"""
import argparse
import hashlib
import json
import random
import re
import sys

from phrases import (ACTION, CITIES, CURRENCIES, DEFAULT_PRIORITY, FILLERS, MONTHS, OPENING, PEOPLE, PRODUCTS, PROMISE,
                     SENTIMENT, SYSTEM_PROMPTS, TEAMS, TONES, URGENCY)
from skeletons import SKELETONS

SPLITS = ("train", "seen", "unseen", "unseen-family")
TONE_WEIGHTS = {"polite": 28, "terse": 20, "angry": 14, "chatty": 20, "formal": 18}
CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)\}")
ORDINAL = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}
DETERMINER = re.compile(r"\b(the|my) \{p\}")


def expand(rng, template):
    """Replaces every ``[a|b]`` by one of its wordings; slots stay."""
    return CHOICE.sub(lambda m: rng.choice(m.group(1).split("|")), template)


def is_held_out_family(index):
    """Whether the family with this index inside its category is kept for ``unseen-family``."""
    return index % 8 == 7


def is_held_out_expansion(text):
    """Whether this expansion (slots unfilled) is kept for ``unseen``."""
    return hashlib.sha256(text.encode()).digest()[0] < 26


def draw_core(rng, split, category):
    """One expansion of a core skeleton of ``category`` that belongs to ``split``, slots unfilled."""
    families = SKELETONS[category]
    wanted = split == "unseen-family"
    allowed = [i for i in range(len(families)) if is_held_out_family(i) == wanted]
    while True:
        text = expand(rng, families[rng.choice(allowed)])
        if wanted or is_held_out_expansion(text) == (split == "unseen"):
            return DETERMINER.sub(lambda m: rng.choice([m.group(0), "the {p}", "my {p}", "our {p}"]), text, count=1)


def fill(rng, text, product):
    """Fills the slots of a text; ``product`` is the mention to use for ``{p}``."""
    def value(match):
        name = match.group(1)
        if name == "p":
            return product
        if name == "order":
            return rng.choice(["{}", "#{}", "A-{}", "no. {}"]).format(rng.randint(10000, 999999))
        if name == "date":
            month, day = rng.choice(MONTHS), rng.randint(1, 28)
            numeric, ordinal = f"{day}.{MONTHS.index(month) + 1}.", f"the {day}{ORDINAL.get(day, 'th')}"
            return rng.choice([f"{month} {day}", f"{day} {month}", numeric, ordinal])
        if name == "amount":
            number = rng.choice([str(rng.randint(5, 900)), f"{rng.randint(5, 900)}.{rng.choice(['00', '50', '90', '99'])}"])
            return rng.choice(CURRENCIES).format(number)
        if name == "n":
            return str(rng.randint(2, 20))
        if name == "year":
            return str(rng.randint(2012, 2025))
        return rng.choice({"city": CITIES, "person": PEOPLE, "team": TEAMS}[name])

    if product[0] in "aeiouEIO":
        text = re.sub(r"\b([Aa]) \{p\}", r"\1n {p}", text)
    return SLOT.sub(value, text)


def typo(rng, word):
    """One typing mistake inside a word: swap, drop, double, or wrong case."""
    kind, i = rng.randrange(4), rng.randrange(1, len(word) - 1)
    if kind == 0:
        return word[:i] + word[i + 1] + word[i] + word[i + 2:]
    if kind == 1:
        return word[:i] + word[i + 1:]
    if kind == 2:
        return word[:i] + word[i] + word[i:]
    return word[0].swapcase() + word[1:]


def add_typos(rng, text):
    """One to three typing mistakes, in words of five letters or more."""
    pieces = re.split(r"([A-Za-z]{5,})", text)
    spots = range(1, len(pieces), 2)
    for i in rng.sample(spots, min(len(spots), rng.randint(1, 3))):
        pieces[i] = typo(rng, pieces[i])
    return "".join(pieces)


def sentence(rng, text, tone):
    """Capital letter and full stop, as the tone of voice asks for."""
    if tone == "terse" and rng.random() < 0.5:
        return text + rng.choice([".", "", ","])
    question = re.match(r"(how|which|what|where|when|can|could|is|does|do|will|are|why|who|was|may|have you)\b", text)
    end = "?" if question and rng.random() < 0.85 else "!" if tone == "angry" and rng.random() < 0.5 else "."
    return text[0].upper() + text[1:] + end


def draw_message(rng, split, category, product, long):
    """One message and its priority and sentiment; ``long`` asks for many more neutral sentences."""
    tone = rng.choices(list(TONE_WEIGHTS), list(TONE_WEIGHTS.values()))[0]
    voice = TONES[tone]
    sentiment = rng.choices(["negative", "neutral", "positive"], voice["weights"])[0]
    mention = rng.choice(PRODUCTS[product])
    priority = rng.choice(list(URGENCY)) if rng.random() < 0.6 else None

    body = [draw_core(rng, split, category)]
    around = []
    if priority:
        around.append(expand(rng, rng.choice(URGENCY[priority])))
    if sentiment != "neutral":
        count = 2 if rng.random() < 0.3 else 1
        around += [expand(rng, t) for t in rng.sample(SENTIMENT[sentiment], count)]
    fillers = rng.randint(8, 14) if long else rng.randint(*voice["fillers"])
    around += [expand(rng, t) for t in rng.sample(FILLERS, fillers)]
    for text in around:
        body.insert(rng.randint(0, len(body)), text)

    lead = expand(rng, rng.choice(voice["lead"]))
    if lead:
        body.insert(0, lead)
    text = " ".join(sentence(rng, t, tone) for t in body)
    greeting, closing = rng.choice(voice["greet"]), rng.choice(voice["close"])
    if greeting:
        text = greeting + rng.choice([", ", "! ", ",\n", ": ", " - "] if tone != "formal" else [",\n", ", "]) + text
    if closing:
        text += rng.choice([" ", "\n"]) + closing + rng.choice(["", "."])
    text = fill(rng, text, mention)
    if tone == "terse" and rng.random() < 0.4:
        text = text.lower()
    if rng.random() < 0.125:
        text = add_typos(rng, text)
    return text, priority or DEFAULT_PRIORITY[category], sentiment


def answer_for(category, product, priority, sentiment):
    """The expected object; the reply follows from the other four fields."""
    reply = " ".join([OPENING[sentiment], ACTION[category].format(p=product), PROMISE[priority]])
    return {"category": category, "product": product, "priority": priority, "sentiment": sentiment, "reply": reply}


def generate(split, seed, count):
    """Yields ``count`` records {"id", "system" (in 3 of 10), "message", "answer"}."""
    rng = random.Random(f"tickets/{split}/{seed}")
    for number in range(count):
        category, product = rng.choice(list(SKELETONS)), rng.choice(list(PRODUCTS))
        message, priority, sentiment = draw_message(rng, split, category, product, long=rng.random() < 0.02)
        record = {"id": f"{split}-{seed}-{number}"}
        if rng.random() < 0.3:
            record["system"] = rng.choice(SYSTEM_PROMPTS)
        record["message"] = message
        record["answer"] = answer_for(category, product, priority, sentiment)
        yield record


def chat_messages(record):
    """The record's request as a list of chat messages, without the answer."""
    system = [{"role": "system", "content": record["system"]}] if "system" in record else []
    return system + [{"role": "user", "content": record["message"]}]


def batch_line(record):
    """The record as one request line of an OpenAI batch file."""
    body = {"model": "default", "messages": chat_messages(record), "max_completion_tokens": 160, "temperature": 0}
    return {"custom_id": record["id"], "method": "POST", "url": "/v1/chat/completions", "body": body}


def answer_text(answer):
    """The exact text that the model is trained to write for an answer."""
    return json.dumps(answer, separators=(",", ":"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--format", choices=("jsonl", "openai-batch"), default="jsonl")
    args = parser.parse_args()
    for record in generate(args.split, args.seed, args.count):
        line = record if args.format == "jsonl" else batch_line(record)
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
