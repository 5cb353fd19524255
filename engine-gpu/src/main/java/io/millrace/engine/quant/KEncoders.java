package io.millrace.engine.quant;

/**
 * Writes the K types, which {@link KBlocks} reads. First each sub-block gets the scale (and
 * minimum) that suits it best; then those are rounded to multiples of the block's own two binary16
 * numbers; then the elements are rounded with what has become of the scales.
 */
final class KEncoders {
  private static final int BLOCK = 256;

  private KEncoders() {}

  static void q2(float[] x, int at, byte[] out, int to) {
    Affine block = new Affine(16, 3, -0.5f, 15, 15);
    block.encode(x, at, out, to + 80);
    for (int i = 0; i < 16; i++) {
      out[to + i] = (byte) (block.scales[i] | block.mins[i] << 4);
    }
    pairsOfBits(block.quants, out, to + 16);
  }

  static void q4(float[] x, int at, byte[] out, int to) {
    Affine block = new Affine(32, 15, -1f, 20, 63);
    block.encode(x, at, out, to);
    scalesAndMins(block, out, to + 4);
    nibbles(block.quants, out, to + 16);
  }

  static void q5(float[] x, int at, byte[] out, int to) {
    Affine block = new Affine(32, 31, -0.5f, 15, 63);
    block.encode(x, at, out, to);
    scalesAndMins(block, out, to + 4);
    nibbles(block.quants, out, to + 48);
    bitPlanes(block.quants, 4, out, to + 16);
  }

  static void q3(float[] x, int at, byte[] out, int to) {
    int[] scales = new int[16];
    int[] quants = new int[BLOCK];
    symmetric(x, at, 4, 32, scales, quants, out, to + 108);
    for (int i = 0; i < 12; i++) {
      out[to + 96 + i] = 0;
    }
    for (int i = 0; i < 16; i++) {
      int scale = scales[i] + 32;
      out[to + 96 + i % 8] |= (byte) ((scale & 15) << (4 * (i / 8)));
      out[to + 104 + i % 4] |= (byte) ((scale >> 4) << (2 * (i / 4)));
    }
    pairsOfBits(quants, out, to + 32);
    bitPlanes(quants, 2, out, to);
  }

  static void q6(float[] x, int at, byte[] out, int to) {
    int[] scales = new int[16];
    int[] quants = new int[BLOCK];
    symmetric(x, at, 32, 128, scales, quants, out, to + 208);
    for (int i = 0; i < 16; i++) {
      out[to + 192 + i] = (byte) scales[i];
    }
    for (int half = 0; half < 2; half++) {
      int from = 128 * half;
      for (int m = 0; m < 32; m++) {
        int a = quants[from + m];
        int b = quants[from + 32 + m];
        int c = quants[from + 64 + m];
        int d = quants[from + 96 + m];
        out[to + 64 * half + m] = (byte) ((a & 15) | (c & 15) << 4);
        out[to + 64 * half + 32 + m] = (byte) ((b & 15) | (d & 15) << 4);
        out[to + 128 + 32 * half + m] =
            (byte) (a >> 4 | (b >> 4) << 2 | (c >> 4) << 4 | (d >> 4) << 6);
      }
    }
  }

  /**
   * Rounds a block without minima.
   *
   * @param levels integers go from {@code -levels} to {@code levels - 1}
   * @param scaleLevels the same of the sub-blocks' scales
   * @param scales receives the scales' integers
   * @param quants receives the elements' integers, plus {@code levels}
   * @param to where the block's own scale goes in {@code out}
   */
  private static void symmetric(
      float[] x,
      int at,
      int levels,
      int scaleLevels,
      int[] scales,
      int[] quants,
      byte[] out,
      int to) {
    float[] wanted = new float[16];
    float largest = 0;
    for (int i = 0; i < 16; i++) {
      wanted[i] = SymmetricFit.scale(x, at + 16 * i, 16, levels);
      largest = Math.abs(wanted[i]) > Math.abs(largest) ? wanted[i] : largest;
    }
    float inverse = largest == 0 ? 0 : -scaleLevels / largest;
    short bits = HalfFloats.toF16(largest == 0 ? 0 : 1 / inverse);
    Bytes.putShort(out, to, bits);
    float d = HalfFloats.f16(bits);
    for (int i = 0; i < 16; i++) {
      scales[i] =
          Math.max(-scaleLevels, Math.min(scaleLevels - 1, Rounding.nearest(inverse * wanted[i])));
      float step = d * scales[i];
      for (int j = 16 * i; j < 16 * i + 16; j++) {
        int q = step == 0 ? 0 : Rounding.nearest(Math.max(-99, Math.min(99, x[at + j] / step)));
        quants[j] = Math.max(-levels, Math.min(levels - 1, q)) + levels;
      }
    }
  }

  /** A block with minima: scales and minima as integers, elements as integers. */
  private static final class Affine {
    final int[] scales;
    final int[] mins;
    final int[] quants = new int[BLOCK];
    private final int subBlock;
    private final int qMax;
    private final int scaleMax;
    private final AffineFit fit;

    Affine(int subBlock, int qMax, float firstTrial, int trials, int scaleMax) {
      this.subBlock = subBlock;
      this.qMax = qMax;
      this.scaleMax = scaleMax;
      scales = new int[BLOCK / subBlock];
      mins = new int[BLOCK / subBlock];
      fit = new AffineFit(subBlock, qMax, firstTrial, trials);
    }

    /** Writes the block's scale and minimum at {@code to}; the rest is for the caller to pack. */
    void encode(float[] x, int at, byte[] out, int to) {
      float[] wantedScales = new float[scales.length];
      float[] wantedMins = new float[scales.length];
      float scaleLargest = 0;
      float minLargest = 0;
      for (int i = 0; i < scales.length; i++) {
        fit.fit(x, at + i * subBlock);
        wantedScales[i] = fit.scale;
        wantedMins[i] = -fit.min;
        scaleLargest = Math.max(scaleLargest, wantedScales[i]);
        minLargest = Math.max(minLargest, wantedMins[i]);
      }
      float d = multiples(wantedScales, scaleLargest, scales, out, to);
      float dMin = multiples(wantedMins, minLargest, mins, out, to + 2);
      for (int i = 0; i < scales.length; i++) {
        float step = d * scales[i];
        float shift = dMin * mins[i];
        for (int j = i * subBlock; j < (i + 1) * subBlock; j++) {
          float level = step == 0 ? 0 : Math.min(99, (x[at + j] + shift) / step);
          quants[j] = Math.max(0, Math.min(qMax, Rounding.nearest(Math.max(0, level))));
        }
      }
    }

    /** Rounds numbers to multiples of a binary16 that makes the largest the greatest multiple. */
    private float multiples(float[] wanted, float largest, int[] integers, byte[] out, int to) {
      short bits = HalfFloats.toF16(largest / scaleMax);
      Bytes.putShort(out, to, bits);
      float inverse = largest > 0 ? scaleMax / largest : 0;
      for (int i = 0; i < wanted.length; i++) {
        integers[i] = Math.max(0, Math.min(scaleMax, Rounding.nearest(inverse * wanted[i])));
      }
      return HalfFloats.f16(bits);
    }
  }

  private static void scalesAndMins(Affine block, byte[] out, int to) {
    for (int i = 0; i < 4; i++) {
      int scale = block.scales[i + 4];
      int min = block.mins[i + 4];
      out[to + i] = (byte) (block.scales[i] | (scale >> 4) << 6);
      out[to + 4 + i] = (byte) (block.mins[i] | (min >> 4) << 6);
      out[to + 8 + i] = (byte) ((scale & 15) | (min & 15) << 4);
    }
  }

  private static void nibbles(int[] quants, byte[] out, int to) {
    for (int i = 0; i < 4; i++) {
      for (int m = 0; m < 32; m++) {
        int low = quants[64 * i + m] & 15;
        out[to + 32 * i + m] = (byte) (low | (quants[64 * i + 32 + m] & 15) << 4);
      }
    }
  }

  private static void pairsOfBits(int[] quants, byte[] out, int to) {
    for (int half = 0; half < 2; half++) {
      for (int m = 0; m < 32; m++) {
        int bits = 0;
        for (int n = 0; n < 4; n++) {
          bits |= (quants[128 * half + 32 * n + m] & 3) << (2 * n);
        }
        out[to + 32 * half + m] = (byte) bits;
      }
    }
  }

  /** One bit of each element: bit n of byte m is that of element 32 n + m. */
  private static void bitPlanes(int[] quants, int bit, byte[] out, int to) {
    for (int m = 0; m < 32; m++) {
      int bits = 0;
      for (int n = 0; n < 8; n++) {
        bits |= (quants[32 * n + m] >> bit & 1) << n;
      }
      out[to + m] = (byte) bits;
    }
  }
}
