#!/bin/bash
# Compiles every kernel to PTX that drivers from 525 on load, and writes the checksums the tests recompute.
# Needs nvcc 13.0; users and the build need none: the PTX is committed.
#   build.sh [OUT_DIR]   (default: ../resources/cuda)
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-../resources/cuda}
flags="-O3 -arch=compute_80 -ptx"
mkdir -p "$out/sm80"
out=$(cd "$out" && pwd)
for source in *.cu; do
  name=${source%.cu}
  # The comments name the compiler and its temporary files; the checksum file names the compiler.
  nvcc $flags -o - "$source" | sed -e 's/^\.version .*/.version 8.0/' -e '/^\/\//d' > "$out/sm80/$name.ptx.new"
  cmp -s "$out/sm80/$name.ptx.new" "$out/sm80/$name.ptx" || cp "$out/sm80/$name.ptx.new" "$out/sm80/$name.ptx"
  rm "$out/sm80/$name.ptx.new"
done
{
  echo "# nvcc $(nvcc --version | sed -n 's/.*, V//p') $flags, then .version 8.0; by src/main/cuda/build.sh"
  sha256sum *.cu *.cuh build.sh
  (cd "$out" && sha256sum sm80/*.ptx)
} > "$out/checksums.txt"
