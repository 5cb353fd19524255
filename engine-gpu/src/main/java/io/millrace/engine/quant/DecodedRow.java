package io.millrace.engine.quant;

/**
 * Room for one row of a quantised type, decoded: integers, scales and minima, each from index 0 on.
 * Made once and filled again and again; belongs to one thread.
 */
public final class DecodedRow {
  private byte[] quants = new byte[0];
  private float[] scales = new float[0];
  private float[] mins = new float[0];

  /** Decodes a row; grows if it must. The parameters are those of {@link BlockFormat#decode}. */
  public void decode(BlockFormat format, byte[] data, int at, int columns) {
    if (quants.length < columns) {
      quants = new byte[columns];
      scales = new float[columns / 16]; // no format has smaller sub-blocks
      mins = new float[columns / 16];
    }
    format.decode(data, at, columns, quants, scales, mins);
  }

  /** The same, and from there to float32. */
  public void dequantise(
      BlockFormat format, byte[] data, int at, int columns, float[] out, int outAt) {
    decode(format, data, at, columns);
    int subBlock = format.subBlock();
    for (int s = 0; s < columns / subBlock; s++) {
      float scale = scales[s];
      float min = mins[s];
      for (int i = s * subBlock; i < (s + 1) * subBlock; i++) {
        float product = scale * quants[i];
        out[outAt + i] = format.hasMin() ? product + min : product;
      }
    }
  }

  public byte[] quants() {
    return quants;
  }

  /** By sub-block. */
  public float[] scales() {
    return scales;
  }

  /** By sub-block; meaningless for formats that have none. */
  public float[] mins() {
    return mins;
  }
}
