#!/bin/sh
# Compiles the interpreter's own test kernels to PTX. Only needed after a change of checks.cu.
set -e
cd "$(dirname "$0")"
to=../resources/cuda
mkdir -p $to
nvcc -O3 -arch=compute_80 -ptx checks.cu -o $to/checks.ptx
sed -i 's/^\.version .*/.version 8.0/' $to/checks.ptx
