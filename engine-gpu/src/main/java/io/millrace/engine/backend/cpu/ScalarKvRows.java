package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.KvType;
import io.millrace.engine.quant.HalfFloats;

/** The key or value vectors of one layer, one a row, as a cache of its type keeps them. */
interface ScalarKvRows {

  static ScalarKvRows of(KvType type, int rows, int columns) {
    return switch (type) {
      case F32 -> new Floats(new float[rows * columns], columns);
      case F16 -> new Halves(new short[rows * columns], columns);
      case INT8 -> new Int8(new byte[rows * columns], new float[rows], columns);
    };
  }

  /** Keeps {@code x[at ..]} as a row. */
  void store(int row, float[] x, int at);

  /** {@code x[at ..] . row}. */
  float dot(int row, float[] x, int at);

  /** {@code out[at ..] += weight x row}. */
  void addTo(float[] out, int at, int row, float weight);

  /** Bytes of memory. */
  long bytes();

  /**
   * As they came.
   *
   * @param elements {@code [rows][columns]}
   */
  record Floats(float[] elements, int columns) implements ScalarKvRows {
    @Override
    public void store(int row, float[] x, int at) {
      System.arraycopy(x, at, elements, row * columns, columns);
    }

    @Override
    public float dot(int row, float[] x, int at) {
      float sum = 0f;
      for (int i = 0; i < columns; i++) {
        sum += x[at + i] * elements[row * columns + i];
      }
      return sum;
    }

    @Override
    public void addTo(float[] out, int at, int row, float weight) {
      for (int i = 0; i < columns; i++) {
        out[at + i] += weight * elements[row * columns + i];
      }
    }

    @Override
    public long bytes() {
      return 4L * elements.length;
    }
  }

  /**
   * Rounded to binary16.
   *
   * @param elements {@code [rows][columns]}
   */
  record Halves(short[] elements, int columns) implements ScalarKvRows {
    @Override
    public void store(int row, float[] x, int at) {
      for (int i = 0; i < columns; i++) {
        elements[row * columns + i] = HalfFloats.toF16(x[at + i]);
      }
    }

    @Override
    public float dot(int row, float[] x, int at) {
      float sum = 0f;
      for (int i = 0; i < columns; i++) {
        sum += x[at + i] * HalfFloats.f16(elements[row * columns + i]);
      }
      return sum;
    }

    @Override
    public void addTo(float[] out, int at, int row, float weight) {
      for (int i = 0; i < columns; i++) {
        out[at + i] += weight * HalfFloats.f16(elements[row * columns + i]);
      }
    }

    @Override
    public long bytes() {
      return 2L * elements.length;
    }
  }

  /**
   * Rounded, with one scale a row.
   *
   * @param quants {@code [rows][columns]}
   * @param scales {@code [rows]}
   */
  record Int8(byte[] quants, float[] scales, int columns) implements ScalarKvRows {
    @Override
    public void store(int row, float[] x, int at) {
      scales[row] = Int8Blocks.quantise(x, at, columns, quants, row * columns);
    }

    @Override
    public float dot(int row, float[] x, int at) {
      float sum = 0f;
      for (int i = 0; i < columns; i++) {
        sum += x[at + i] * quants[row * columns + i];
      }
      return sum * scales[row];
    }

    @Override
    public void addTo(float[] out, int at, int row, float weight) {
      float scaled = weight * scales[row];
      for (int i = 0; i < columns; i++) {
        out[at + i] += scaled * quants[row * columns + i];
      }
    }

    @Override
    public long bytes() {
      return quants.length + 4L * scales.length;
    }
  }
}
