#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes everything again: recipe.sh [WORK]     (WORK: checkpoints and the tokenizer, default /tmp/tickets-work)
# An interrupted run goes on from its last checkpoint when started again with the same WORK.
set -eu
cd "$(dirname "$0")"
WORK=${1:-/tmp/tickets-work}
MODELS=../models
PYTHON=${PYTHON:-/usr/bin/python3}
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# keep freed tensors in the heap instead of giving their pages back at every step
export GLIBC_TUNABLES=glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=68719476736

mkdir -p "$WORK" "$MODELS/heldout"
[ -f "$WORK/tokenizer.json" ] || "$PYTHON" train_tokenizer.py "$WORK/tokenizer.json"
"$PYTHON" train_target.py "$WORK"
"$PYTHON" train_draft.py "$WORK"
"$PYTHON" export.py "$WORK" "$MODELS"
for split in seen unseen unseen-family; do
    "$PYTHON" generator.py --split $split --seed 7 --count 300 > "$MODELS/heldout/$split.jsonl"
done
"$PYTHON" evaluate.py "$MODELS"/tickets-target-*.gguf "$MODELS"/tickets-draft-*.gguf
"$PYTHON" acceptance.py "$MODELS/tickets-target-q8_0.gguf" "$MODELS/tickets-draft-q8_0.gguf"
