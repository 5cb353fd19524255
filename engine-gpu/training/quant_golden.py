# SPDX-License-Identifier: Apache-2.0
"""Makes src/test/resources/quant/*.bin: blocks of every quantised type and what ggml reads in them.

    python3 quant_golden.py LIBGGML_BASE_SO OUTPUT_DIRECTORY

LIBGGML_BASE_SO is llama.cpp's libggml-base.so of 2026 (the npm package @node-llama-cpp/linux-x64
holds one). A file is the number of elements and of bytes as int32, the bytes of the blocks, then
the elements as float32; all little-endian. Blocks are random bytes whose binary16 scales are odd
on purpose: 0, denormal, the largest, negative, infinite.
"""
import ctypes
import struct
import sys
from pathlib import Path

import numpy as np

# name, elements and bytes of a block, places of its binary16 numbers
TYPES = [
    ("q4_0", 32, 18, [0]),
    ("q4_1", 32, 20, [0, 2]),
    ("q5_0", 32, 22, [0]),
    ("q5_1", 32, 24, [0, 2]),
    ("q8_0", 32, 34, [0]),
    ("q2_K", 256, 84, [80, 82]),
    ("q3_K", 256, 110, [108]),
    ("q4_K", 256, 144, [0, 2]),
    ("q5_K", 256, 176, [0, 2]),
    ("q6_K", 256, 210, [208]),
    ("tq1_0", 256, 54, [52]),
    ("tq2_0", 256, 66, [64]),
    ("mxfp4", 32, 17, []),
    ("iq4_nl", 32, 18, [0]),
    ("iq4_xs", 256, 136, [0]),
]
SCALES = [0x0000, 0x8000, 0x0001, 0x83FF, 0x7BFF, 0xFBFF, 0x3C00, 0x1E66, 0xA111, 0x7C00]
EXPONENTS = [0, 1, 2, 100, 127, 128, 200, 254]


def blocks(rng, elements, size, halves):
    count = len(SCALES) if elements == 32 else 3
    data = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for i, block in enumerate(data):
        for k, at in enumerate(halves):
            if elements == 32:
                bits = SCALES[(i + 3 * k) % len(SCALES)]
            else:
                bits = [0x2C01, 0x83FF, 0xF801][(i + k) % 3]
            block[at : at + 2] = np.frombuffer(struct.pack("<H", bits), np.uint8)
        if not halves:
            block[0] = EXPONENTS[i % len(EXPONENTS)]
    return data


def main():
    lib = ctypes.CDLL(sys.argv[1])
    rng = np.random.default_rng(20261123)
    for name, elements, size, halves in TYPES:
        data = blocks(rng, elements, size, halves)
        n = elements * len(data)
        out = np.zeros(n, np.float32)
        function = getattr(lib, "dequantize_row_" + name)
        function.restype = None
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        function(data.ctypes.data, out.ctypes.data, n)
        payload = struct.pack("<ii", n, data.size) + data.tobytes() + out.tobytes()
        (Path(sys.argv[2]) / (name.upper() + ".bin")).write_bytes(payload)


main()
