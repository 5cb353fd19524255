#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scores answers against the expected objects.

    python3 score.py EXPECTED.jsonl ANSWERS.jsonl

EXPECTED holds the generator's lines {"id", "message", "answer"}; ANSWERS an OpenAI batch output (custom_id and
response.body.choices[0].message.content).  Every expected line counts; a missing, failed or repeated answer is
wrong.  ``object_right`` means that the content is JSON and equals the expected object in all five fields.
"""
import json
import sys

LABELS = ("category", "product", "priority", "sentiment")
FIELDS = LABELS + ("reply",)


def parsed(text):
    """The JSON object in ``text``, or None."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def scores(expected, texts):
    """Percentages over pairs of an expected object and an answer text (or None)."""
    counts = dict.fromkeys(("valid_json", *FIELDS, "labels_right", "object_right"), 0)
    for want, text in zip(expected, texts):
        got = parsed(text)
        if got is None:
            continue
        right = [got.get(field) == want[field] for field in FIELDS]
        counts["valid_json"] += 1
        for field, ok in zip(FIELDS, right):
            counts[field] += ok
        counts["labels_right"] += all(right[:4])
        counts["object_right"] += got == want
    return {"records": len(expected), **{k: round(100 * v / len(expected), 2) for k, v in counts.items()}}


def content(line):
    """The answer text of one batch output line, or None when the request failed."""
    try:
        return line["response"]["body"]["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None


def read(path):
    with open(path) as file:
        return [json.loads(line) for line in file if line.strip()]


def main():
    expected, by_id = read(sys.argv[1]), {}
    for line in read(sys.argv[2]):
        by_id[line["custom_id"]] = None if line["custom_id"] in by_id else content(line)
    texts = [by_id.get(record["id"]) for record in expected]
    print(json.dumps(scores([r["answer"] for r in expected], texts), indent=2))


if __name__ == "__main__":
    main()
