# SPDX-License-Identifier: Apache-2.0
"""Byte-level BPE: training, encoding, decoding, with GPT-2's pretokenisation and byte alphabet.

Token ids: the control tokens first, then the 256 bytes, then one token per merge in merge order.
"""
import collections
import json
import re
import sys
import unicodedata

CONTROL = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
PAD, END, SYSTEM, USER, ASSISTANT = range(5)

CHAT_TEMPLATE = ("{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
                 "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}")


def byte_alphabet():
    """GPT-2's printable character for each byte value 0..255."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in plain]
    table = {b: chr(b) for b in plain}
    table.update({b: chr(256 + i) for i, b in enumerate(rest)})
    return [table[b] for b in range(256)]


def char_class(major):
    """Body of a regex class with all characters whose Unicode category begins with ``major``."""
    ranges, start = [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code))[0] == major
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(ranges)


LETTER, NUMBER = char_class("L"), char_class("N")
PIECES = re.compile(f"'s|'t|'re|'ve|'m|'ll|'d| ?[{LETTER}]+| ?[{NUMBER}]+| ?[^\\s{LETTER}{NUMBER}]+|\\s+(?!\\S)|\\s+")


def merge_pair(parts, pair):
    """Joins every adjacent occurrence of ``pair`` in a list of strings, left to right."""
    out, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
            out.append(parts[i] + parts[i + 1])
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out


def train_merges(texts, count):
    """The ``count`` most frequent merges, found greedily; ties go to the lexicographically smaller pair."""
    alphabet = byte_alphabet()
    frequency = collections.Counter(p for text in texts for p in PIECES.findall(text))
    words = [([alphabet[b] for b in piece.encode()], n) for piece, n in frequency.items()]
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for index, (parts, n) in enumerate(words):
        for pair in zip(parts, parts[1:]):
            pairs[pair] += n
            where[pair].add(index)
    merges = []
    for _ in range(count):
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        for index in sorted(where[best]):
            parts, n = words[index]
            for pair in zip(parts, parts[1:]):
                pairs[pair] -= n
            parts = merge_pair(parts, best)
            words[index] = (parts, n)
            for pair in zip(parts, parts[1:]):
                pairs[pair] += n
                where[pair].add(index)
        del pairs[best], where[best]
    return merges


class Tokenizer:
    """Encodes text to ids and back; built from the list of merges alone."""

    def __init__(self, merges):
        self.merges = [tuple(m) for m in merges]
        self.alphabet = byte_alphabet()
        self.tokens = CONTROL + self.alphabet + [a + b for a, b in self.merges]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.rank = {pair: i for i, pair in enumerate(self.merges)}
        self.byte_of = {c: b for b, c in enumerate(self.alphabet)}
        self.cache = {}

    def encode(self, text):
        """Ids of plain text; control tokens in the text are not recognised."""
        return [i for piece in PIECES.findall(text) for i in self.encode_piece(piece)]

    def encode_piece(self, piece):
        if piece not in self.cache:
            parts = [self.alphabet[b] for b in piece.encode()]
            while len(parts) > 1:
                best = min(zip(parts, parts[1:]), key=lambda p: self.rank.get(p, len(self.rank)))
                if best not in self.rank:
                    break
                parts = merge_pair(parts, best)
            self.cache[piece] = [self.ids[p] for p in parts]
        return self.cache[piece]

    def decode(self, ids):
        """Text of ids; control tokens give nothing."""
        chars = "".join(self.tokens[i] for i in ids if i >= len(CONTROL))
        return bytes(self.byte_of[c] for c in chars).decode(errors="replace")

    def chat(self, messages):
        """Ids of a request as the chat template writes it, up to and with ``<|assistant|>``."""
        ids = []
        for message in messages:
            ids += [self.ids[f"<|{message['role']}|>"], *self.encode(message["content"]), END]
        return ids + [ASSISTANT]

    def save(self, path):
        with open(path, "w") as file:
            json.dump(self.merges, file)

    @staticmethod
    def load(path):
        with open(path) as file:
            return Tokenizer(json.load(file))
