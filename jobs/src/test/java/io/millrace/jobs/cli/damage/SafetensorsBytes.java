package io.millrace.jobs.cli.damage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A safetensors file, taken apart.
 *
 * @param header its JSON
 * @param data what follows
 */
record SafetensorsBytes(String header, byte[] data) {
  static final int LENGTH_BYTES = 8;

  static SafetensorsBytes split(byte[] file) {
    int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return new SafetensorsBytes(
        new String(file, LENGTH_BYTES, length, StandardCharsets.UTF_8),
        Arrays.copyOfRange(file, LENGTH_BYTES + length, file.length));
  }

  /** The same data under another header, which has the right length. */
  byte[] with(String newHeader) {
    return join(newHeader.getBytes(StandardCharsets.UTF_8), data);
  }

  static byte[] join(byte[] header, byte[] data) {
    return ByteBuffer.allocate(LENGTH_BYTES + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(data)
        .array();
  }
}
