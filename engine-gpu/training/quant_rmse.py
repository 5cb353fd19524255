# SPDX-License-Identifier: Apache-2.0
"""Makes src/test/resources/quant/rows.bin and rmse.csv: what error ggml's own quantisation makes.

    python3 quant_rmse.py LIBGGML_BASE_SO OUTPUT_DIRECTORY

rows.bin holds three rows of 2048 float32, little-endian: normal, heavy-tailed (Student's t with 3
degrees of freedom) and skewed (normal plus 0.7), each times 0.02. rmse.csv has a line a type and
row: type, row, root of the mean squared error.
"""
import ctypes
import sys
from pathlib import Path

import numpy as np

TYPES = [
    ("Q4_0", 2, 32, 18),
    ("Q4_1", 3, 32, 20),
    ("Q5_0", 6, 32, 22),
    ("Q5_1", 7, 32, 24),
    ("Q8_0", 8, 32, 34),
    ("Q2_K", 10, 256, 84),
    ("Q3_K", 11, 256, 110),
    ("Q4_K", 12, 256, 144),
    ("Q5_K", 13, 256, 176),
    ("Q6_K", 14, 256, 210),
    ("TQ1_0", 34, 256, 54),
    ("TQ2_0", 35, 256, 66),
    ("MXFP4", 39, 32, 17),
]
COLUMNS = 2048


def main():
    lib = ctypes.CDLL(sys.argv[1])
    lib.ggml_quantize_chunk.restype = ctypes.c_size_t
    lib.ggml_quantize_chunk.argtypes = [
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_void_p,
    ]
    rng = np.random.default_rng(20261123)
    rows = [rng.normal(size=COLUMNS), rng.standard_t(3, COLUMNS), rng.normal(size=COLUMNS) + 0.7]
    rows = (np.array(rows) * 0.02).astype(np.float32)
    out = Path(sys.argv[2])
    (out / "rows.bin").write_bytes(rows.tobytes())
    lines = []
    for name, number, block, size in TYPES:
        for index, row in enumerate(rows):
            data = np.zeros(COLUMNS // block * size, np.uint8)
            back = np.zeros(COLUMNS, np.float32)
            lib.ggml_quantize_chunk(number, row.ctypes.data, data.ctypes.data, 0, 1, COLUMNS, None)
            dequantize = getattr(lib, "dequantize_row_" + name.lower().replace("_k", "_K"))
            dequantize.restype = None
            dequantize.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
            dequantize(data.ctypes.data, back.ctypes.data, COLUMNS)
            error = np.sqrt(np.mean((back.astype(np.float64) - row) ** 2))
            lines.append(f"{name},{index},{error:.9g}\n")
    (out / "rmse.csv").write_text("".join(lines))


main()
