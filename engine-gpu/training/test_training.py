# SPDX-License-Identifier: Apache-2.0
"""Tests that need no training and no torch: python3 -m unittest (in this folder)."""
import json
import random
import unittest

import bpe
import generator
import score
from skeletons import SKELETONS


class GeneratorTest(unittest.TestCase):
    def test_same_arguments_give_the_same_records(self):
        self.assertEqual(list(generator.generate("seen", 3, 50)), list(generator.generate("seen", 3, 50)))
        self.assertNotEqual(list(generator.generate("seen", 3, 50)), list(generator.generate("seen", 4, 50)))

    def test_no_expansion_is_in_two_splits(self):
        rng, found = random.Random(0), {split: set() for split in generator.SPLITS}
        for split, cores in found.items():
            for category in SKELETONS:
                drawn = (generator.draw_core(rng, split, category) for _ in range(400))
                cores.update(text.replace("my {p}", "the {p}").replace("our {p}", "the {p}") for text in drawn)
        trained = found["train"] | found["seen"]
        self.assertFalse(trained & found["unseen"])
        self.assertFalse(trained & found["unseen-family"])

    def test_the_answer_follows_from_its_labels(self):
        for record in generator.generate("unseen", 5, 100):
            answer = record["answer"]
            labels = [answer[field] for field in score.LABELS]
            self.assertEqual(answer, generator.answer_for(*labels))

    def test_batch_lines_carry_the_request(self):
        record = next(generator.generate("seen", 1, 1))
        line = generator.batch_line(record)
        self.assertEqual(line["custom_id"], record["id"])
        self.assertEqual(line["body"]["messages"][-1], {"role": "user", "content": record["message"]})


class ScoreTest(unittest.TestCase):
    def test_right_means_equal_in_all_fields(self):
        want = [r["answer"] for r in generator.generate("seen", 1, 4)]
        wrong_reply = dict(want[1], reply="no")
        result = score.scores(want, [json.dumps(want[0]), json.dumps(wrong_reply), "{", None])
        self.assertEqual((result["valid_json"], result["labels_right"], result["object_right"]), (50, 50, 25))


class TokenizerTest(unittest.TestCase):
    def test_pieces_are_those_of_gpt2(self):
        pieces = bpe.PIECES.findall("I'm 12  years\n\n old_ü!")
        self.assertEqual(pieces, ["I", "'m", " 12", " ", " years", "\n\n", " old", "_", "ü", "!"])

    def test_text_survives(self):
        tokenizer = bpe.Tokenizer(bpe.train_merges(["low lower lowest"] * 3, 5))
        for text in ("lower slow", "naïve — 🙂\n\tok"):
            self.assertEqual(tokenizer.decode(tokenizer.encode(text)), text)


if __name__ == "__main__":
    unittest.main()
