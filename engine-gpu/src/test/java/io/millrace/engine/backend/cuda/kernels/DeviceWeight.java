package io.millrace.engine.backend.cuda.kernels;

import io.millrace.engine.backend.cuda.kernels.KernelRun.Array;
import io.millrace.engine.backend.cuda.pack.PackedForm;
import io.millrace.engine.backend.cuda.pack.TilePacker;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.model.ToyLlama;
import io.millrace.engine.quant.BlockFormat;
import io.millrace.engine.quant.RandomBlocks;
import io.millrace.engine.quant.RowDecoder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A random weight.
 *
 * @param data as it lies in a file
 * @param elements what that means
 */
record DeviceWeight(GgmlType type, int rows, int columns, byte[] data, float[] elements) {

  static DeviceWeight random(GgmlType type, int rows, int columns, Random random) {
    byte[] data =
        BlockFormat.of(type).isPresent()
            ? RandomBlocks.of(type, rows * columns / type.blockElements(), random)
            : ToyLlama.randomWeights(type, rows, columns, random);
    float[] elements = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      int at = Math.toIntExact(type.bytes(columns)) * row;
      RowDecoder.decode(type, data, at, columns, elements, row * columns);
    }
    return new DeviceWeight(type, rows, columns, data, elements);
  }

  PackedForm form() {
    return PackedForm.of(type);
  }

  /** Its arrays, in the order of the kernels' parameters. */
  List<Array> upload(KernelRun run) {
    if (form().isPlain()) {
      return List.of(run.bytes(data));
    }
    TilePacker packer = new TilePacker(type, columns);
    int tiles = KernelRun.ceilDiv(rows, TilePacker.ROWS);
    byte[][] packed = new byte[packer.parts()][];
    Arrays.setAll(packed, part -> new byte[tiles * packer.partBytes(part)]);
    ByteBuffer[] parts = Arrays.stream(packed).map(ByteBuffer::wrap).toArray(ByteBuffer[]::new);
    int tileBytes = Math.toIntExact(type.bytes(columns)) * TilePacker.ROWS;
    for (int tile = 0; tile < tiles; tile++) {
      for (int part = 0; part < parts.length; part++) {
        parts[part].position(tile * packer.partBytes(part));
      }
      byte[] bytes = Arrays.copyOfRange(data, tile * tileBytes, (tile + 1) * tileBytes);
      packer.pack(bytes, Math.min(TilePacker.ROWS, rows - tile * TilePacker.ROWS), parts);
    }
    List<Array> arrays = new ArrayList<>();
    for (byte[] part : packed) {
      arrays.add(run.bytes(part));
    }
    if (form() == PackedForm.ANY && parts.length == 2) {
      arrays.add(Array.NONE);
    }
    return arrays;
  }
}
