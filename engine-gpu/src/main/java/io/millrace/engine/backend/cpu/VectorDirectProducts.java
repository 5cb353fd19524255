package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link VectorProducts} of one or two rows of activations, straight from the planes of the two
 * most used forms: weights that are used once or twice are not worth a way through memory.
 *
 * <p>Of 8 bits only two products fit int16. Their sum {@code p} is summed twice: as it is, which is
 * right modulo 2^16, and without its lowest 8 bits, which tells the upper bits: the two differ by
 * less than 16 x 256.
 */
final class VectorDirectProducts {
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int LANES = I.length();

  private VectorDirectProducts() {}

  /**
   * A tile of one row and two groups, from a plane of four bits; runs are whole blocks.
   *
   * @param second where the second group's start in the plane
   */
  static void nibblesOne(
      int[] plane, int first, int second, VectorSlab slab, int zero, VectorInput x, int xAt) {
    int[] pairs = x.pairs;
    int sumsAt = xAt / VectorInput.SUM;
    int[] sums = slab.sums;
    for (int block = 0; block < slab.blocks; block++) {
      int inputs = x.sums[sumsAt + 2 * block] + x.sums[sumsAt + 2 * block + 1];
      // Unsigned nibbles may wrap around on the way, but not at the end.
      int start = (-zero * inputs & 0xffff) * 0x10001;
      ShortVector a = IntVector.broadcast(I, start).reinterpretAsShorts();
      ShortVector b = IntVector.broadcast(I, start).reinterpretAsShorts();
      int aAt = first + block * 8 * LANES;
      int bAt = second + block * 8 * LANES;
      int k = xAt + block * Int8Blocks.BLOCK;
      for (int j = 0; j < 8; j++) {
        IntVector a4 = IntVector.fromArray(I, plane, aAt + j * LANES);
        IntVector b4 = IntVector.fromArray(I, plane, bAt + j * LANES);
        ShortVector x0 = IntVector.broadcast(I, pairs[k + 4 * j]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, pairs[k + 4 * j + 1]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, pairs[k + 4 * j + 2]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, pairs[k + 4 * j + 3]).reinterpretAsShorts();
        IntVector a1 = a4.lanewise(VectorOperators.LSHR, 4).and(0x000f000f);
        IntVector b1 = b4.lanewise(VectorOperators.LSHR, 4).and(0x000f000f);
        IntVector a2 = a4.lanewise(VectorOperators.LSHR, 8).and(0x000f000f);
        IntVector b2 = b4.lanewise(VectorOperators.LSHR, 8).and(0x000f000f);
        IntVector a3 = a4.lanewise(VectorOperators.LSHR, 12).and(0x000f000f);
        IntVector b3 = b4.lanewise(VectorOperators.LSHR, 12).and(0x000f000f);
        a = a.add(a4.and(0x000f000f).reinterpretAsShorts().mul(x0));
        b = b.add(b4.and(0x000f000f).reinterpretAsShorts().mul(x0));
        a = a.add(a1.reinterpretAsShorts().mul(x1));
        b = b.add(b1.reinterpretAsShorts().mul(x1));
        a = a.add(a2.reinterpretAsShorts().mul(x2));
        b = b.add(b2.reinterpretAsShorts().mul(x2));
        a = a.add(a3.reinterpretAsShorts().mul(x3));
        b = b.add(b3.reinterpretAsShorts().mul(x3));
      }
      a.reinterpretAsInts().intoArray(sums, 2 * block * LANES);
      b.reinterpretAsInts().intoArray(sums, 2 * block * LANES + LANES);
    }
  }

  /** A tile of one row and two groups, from a plane of bytes; two sums of a block. */
  static void bytesOne(int[] plane, int first, int second, VectorSlab slab, int[] x, int xAt) {
    int[] sums = slab.sums;
    for (int block = 0; block < slab.blocks; block++) {
      ShortVector la = broadcast(0);
      ShortVector lb = la;
      ShortVector ha = la;
      ShortVector hb = la;
      int aAt = first + block * 16 * LANES;
      int bAt = second + block * 16 * LANES;
      int k = xAt + block * Int8Blocks.BLOCK;
      for (int j = 0; j < 16; j++) {
        ShortVector a2 = IntVector.fromArray(I, plane, aAt + j * LANES).reinterpretAsShorts();
        ShortVector b2 = IntVector.fromArray(I, plane, bAt + j * LANES).reinterpretAsShorts();
        ShortVector x0 = IntVector.broadcast(I, x[k + 2 * j]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, x[k + 2 * j + 1]).reinterpretAsShorts();
        ShortVector a0 = a2.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 8);
        ShortVector b0 = b2.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 8);
        ShortVector a = a0.mul(x0).add(a2.lanewise(VectorOperators.ASHR, 8).mul(x1));
        ShortVector b = b0.mul(x0).add(b2.lanewise(VectorOperators.ASHR, 8).mul(x1));
        la = la.add(a);
        lb = lb.add(b);
        ha = ha.add(a.lanewise(VectorOperators.ASHR, 8));
        hb = hb.add(b.lanewise(VectorOperators.ASHR, 8));
      }
      int at = 4 * block * LANES;
      la.reinterpretAsInts().intoArray(sums, at);
      lb.reinterpretAsInts().intoArray(sums, at + LANES);
      ha.reinterpretAsInts().intoArray(sums, at + 2 * LANES);
      hb.reinterpretAsInts().intoArray(sums, at + 3 * LANES);
    }
  }

  /** A tile of two rows and one group of the slab, from a plane of four bits. */
  static void nibblesTwo(
      int[] plane, int from, VectorSlab slab, int group, int zero, VectorInput x, int xAt) {
    int[] pairs = x.pairs;
    int sumsAt = xAt / VectorInput.SUM;
    int[] sums = slab.sums;
    int perRun = 2 * slab.rows * LANES;
    for (int block = 0; block < slab.blocks; block++) {
      int half = sumsAt + 4 * block;
      int inputs0 = x.sums[half] + x.sums[half + 2];
      int inputs1 = x.sums[half + 1] + x.sums[half + 3];
      ShortVector s0 = broadcast((-zero * inputs0 & 0xffff) * 0x10001);
      ShortVector s1 = broadcast((-zero * inputs1 & 0xffff) * 0x10001);
      int at = from + block * 8 * LANES;
      int k = xAt + 2 * block * Int8Blocks.BLOCK;
      for (int j = 0; j < 8; j++) {
        IntVector four = IntVector.fromArray(I, plane, at + j * LANES);
        int i = k + 8 * j;
        ShortVector w0 = four.and(0x000f000f).reinterpretAsShorts();
        ShortVector w1 =
            four.lanewise(VectorOperators.LSHR, 4).and(0x000f000f).reinterpretAsShorts();
        ShortVector w2 =
            four.lanewise(VectorOperators.LSHR, 8).and(0x000f000f).reinterpretAsShorts();
        ShortVector w3 =
            four.lanewise(VectorOperators.LSHR, 12).and(0x000f000f).reinterpretAsShorts();
        s0 = s0.add(w0.mul(broadcast(pairs[i])));
        s1 = s1.add(w0.mul(broadcast(pairs[i + 1])));
        s0 = s0.add(w1.mul(broadcast(pairs[i + 2])));
        s1 = s1.add(w1.mul(broadcast(pairs[i + 3])));
        s0 = s0.add(w2.mul(broadcast(pairs[i + 4])));
        s1 = s1.add(w2.mul(broadcast(pairs[i + 5])));
        s0 = s0.add(w3.mul(broadcast(pairs[i + 6])));
        s1 = s1.add(w3.mul(broadcast(pairs[i + 7])));
      }
      int to = block * perRun + 2 * group * LANES;
      s0.reinterpretAsInts().intoArray(sums, to);
      s1.reinterpretAsInts().intoArray(sums, to + LANES);
    }
  }

  /** A tile of two rows and one group of the slab, from a plane of bytes; two sums of a block. */
  static void bytesTwo(int[] plane, int from, VectorSlab slab, int group, int[] x, int xAt) {
    int[] sums = slab.sums;
    int perRun = 2 * slab.rows * LANES;
    for (int block = 0; block < slab.blocks; block++) {
      ShortVector l0 = broadcast(0);
      ShortVector l1 = l0;
      ShortVector h0 = l0;
      ShortVector h1 = l0;
      int at = from + block * 16 * LANES;
      int k = xAt + 2 * block * Int8Blocks.BLOCK;
      for (int j = 0; j < 16; j++) {
        ShortVector both = IntVector.fromArray(I, plane, at + j * LANES).reinterpretAsShorts();
        ShortVector even = both.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 8);
        ShortVector odd = both.lanewise(VectorOperators.ASHR, 8);
        int i = k + 4 * j;
        ShortVector p0 = even.mul(broadcast(x[i])).add(odd.mul(broadcast(x[i + 2])));
        ShortVector p1 = even.mul(broadcast(x[i + 1])).add(odd.mul(broadcast(x[i + 3])));
        l0 = l0.add(p0);
        l1 = l1.add(p1);
        h0 = h0.add(p0.lanewise(VectorOperators.ASHR, 8));
        h1 = h1.add(p1.lanewise(VectorOperators.ASHR, 8));
      }
      int to = 2 * block * perRun + 2 * group * LANES;
      l0.reinterpretAsInts().intoArray(sums, to);
      l1.reinterpretAsInts().intoArray(sums, to + LANES);
      h0.reinterpretAsInts().intoArray(sums, to + perRun);
      h1.reinterpretAsInts().intoArray(sums, to + perRun + LANES);
    }
  }

  private static ShortVector broadcast(int twice) {
    return IntVector.broadcast(I, twice).reinterpretAsShorts();
  }
}
