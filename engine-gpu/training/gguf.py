# SPDX-License-Identifier: Apache-2.0
"""GGUF version 3: a writer, and a reader for what the writer writes (little-endian, 32-byte alignment)."""
import struct

import numpy as np

import quant

ALIGNMENT = 32
F32, F16, Q4_0, Q8_0 = 0, 1, 2, 8  # ggml tensor types
ENCODE = {
    F32: lambda x: x.astype("<f4").tobytes(),
    F16: lambda x: x.astype("<f2").tobytes(),
    Q4_0: quant.q4_0,
    Q8_0: quant.q8_0,
}
DECODE = {
    F32: lambda raw, shape: np.frombuffer(raw, "<f4").reshape(shape),
    F16: lambda raw, shape: np.frombuffer(raw, "<f2").astype(np.float32).reshape(shape),
    Q4_0: quant.from_q4_0,
    Q8_0: quant.from_q8_0,
}
BYTES_PER_32 = {F32: 128, F16: 64, Q4_0: 18, Q8_0: 34}

SCALARS = {"u32": (4, "<I"), "i32": (5, "<i"), "f32": (6, "<f"), "bool": (7, "<?")}
STRING, ARRAY = 8, 9


def string(text):
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def metadata_value(kind, value):
    """Type tag and bytes of one value; ``kind`` is "str", a key of SCALARS, or "[kind]" for an array."""
    if kind == "str":
        return struct.pack("<I", STRING) + string(value)
    if kind.startswith("["):
        items = [metadata_value(kind[1:-1], v) for v in value]
        return struct.pack("<I", ARRAY) + items[0][:4] + struct.pack("<Q", len(items)) + b"".join(i[4:] for i in items)
    code, layout = SCALARS[kind]
    return struct.pack("<I", code) + struct.pack(layout, value)


def padding(length):
    return b"\0" * (-length % ALIGNMENT)


def write(path, metadata, tensors):
    """Writes a file.

    metadata: list of (key, kind, value); tensors: list of (name, float32 array (rows, columns) or (columns,), type).
    """
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, kind, value in metadata:
        head += string(key) + metadata_value(kind, value)
    body = b""
    for name, array, code in tensors:
        shape = array.shape[::-1]  # innermost dimension first
        head += string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        head += struct.pack("<IQ", code, len(body))
        raw = ENCODE[code](array)
        body += raw + padding(len(raw))
    with open(path, "wb") as file:
        file.write(head + padding(len(head)) + body)


class Reader:
    """Parses a file: ``metadata`` {key: value}, ``tensors`` {name: float32 array}, ``types`` {name: type}."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.at = 4
        version, tensor_count, key_count = self.take("<IQQ")
        if self.data[:4] != b"GGUF" or version != 3:
            raise ValueError(f"{path} is not a GGUF version 3 file")
        self.metadata = {}
        for _ in range(key_count):
            key = self.text()
            self.metadata[key] = self.value(self.take("<I")[0])
        infos = []
        for _ in range(tensor_count):
            name = self.text()
            dims = self.take("<I")[0]
            infos.append((name, self.take(f"<{dims}Q")[::-1], *self.take("<IQ")))
        start = self.at + len(padding(self.at))
        self.tensors, self.types = {}, {}
        for name, shape, code, offset in infos:
            size = int(np.prod(shape)) // 32 * BYTES_PER_32[code]
            self.tensors[name] = DECODE[code](self.data[start + offset:start + offset + size], shape)
            self.types[name] = code

    def take(self, layout):
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def text(self):
        length = self.take("<Q")[0]
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def value(self, code):
        if code == STRING:
            return self.text()
        if code == ARRAY:
            inner, length = self.take("<IQ")
            return [self.value(inner) for _ in range(length)]
        return self.take(next(layout for c, layout in SCALARS.values() if c == code))[0]
