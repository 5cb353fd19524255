package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums of products of unpacked weights and int8 activations, run by run, exact in int16.
 *
 * <p>Where only two products fit, {@code p} of two is summed twice: as it is, which is right modulo
 * 2^16, and without its lowest 8 bits, which tells the upper bits: the two differ by less than 16 x
 * 256. See {@link VectorScaling}, which takes the sums.
 */
final class VectorProducts {
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> S = ShortVector.SPECIES_PREFERRED;
  private static final int LANES = I.length();
  private static final int STEP = 2 * LANES; // shorts of one input
  private static final int TILE = VectorInput.TILE;
  private static final int PER_RUN = 2 * TILE * LANES;

  private VectorProducts() {}

  /** A tile of four rows from {@code x[xAt]} on and both groups of the slab. */
  static void four(VectorSlab slab, int run, int[] x, int xAt) {
    short[] w = slab.weights;
    int[] sums = slab.sums;
    int second = slab.secondAt;
    int runs = slab.blocks * Int8Blocks.BLOCK / run;
    for (int r = 0; r < runs; r++) {
      ShortVector a0 = ShortVector.zero(S);
      ShortVector a1 = a0;
      ShortVector a2 = a0;
      ShortVector a3 = a0;
      ShortVector b0 = a0;
      ShortVector b1 = a0;
      ShortVector b2 = a0;
      ShortVector b3 = a0;
      int wAt = r * run * STEP;
      int i = xAt + r * run * TILE;
      for (int k = 0; k < run; k++) {
        ShortVector a = ShortVector.fromArray(S, w, wAt + k * STEP);
        ShortVector b = ShortVector.fromArray(S, w, second + wAt + k * STEP);
        ShortVector x0 = IntVector.broadcast(I, x[i + 4 * k]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, x[i + 4 * k + 1]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, x[i + 4 * k + 2]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, x[i + 4 * k + 3]).reinterpretAsShorts();
        a0 = a0.add(a.mul(x0));
        a1 = a1.add(a.mul(x1));
        a2 = a2.add(a.mul(x2));
        a3 = a3.add(a.mul(x3));
        b0 = b0.add(b.mul(x0));
        b1 = b1.add(b.mul(x1));
        b2 = b2.add(b.mul(x2));
        b3 = b3.add(b.mul(x3));
      }
      int at = r * PER_RUN;
      a0.reinterpretAsInts().intoArray(sums, at);
      a1.reinterpretAsInts().intoArray(sums, at + LANES);
      a2.reinterpretAsInts().intoArray(sums, at + 2 * LANES);
      a3.reinterpretAsInts().intoArray(sums, at + 3 * LANES);
      b0.reinterpretAsInts().intoArray(sums, at + 4 * LANES);
      b1.reinterpretAsInts().intoArray(sums, at + 5 * LANES);
      b2.reinterpretAsInts().intoArray(sums, at + 6 * LANES);
      b3.reinterpretAsInts().intoArray(sums, at + 7 * LANES);
    }
  }

  /** The same where only two products fit, of one group; two sums of a block. */
  static void wideFour(VectorSlab slab, int group, int[] x, int xAt) {
    short[] w = slab.weights;
    int[] sums = slab.sums;
    for (int block = 0; block < slab.blocks; block++) {
      ShortVector l0 = ShortVector.zero(S);
      ShortVector l1 = l0;
      ShortVector l2 = l0;
      ShortVector l3 = l0;
      ShortVector h0 = l0;
      ShortVector h1 = l0;
      ShortVector h2 = l0;
      ShortVector h3 = l0;
      int wAt = group * slab.secondAt + block * Int8Blocks.BLOCK * STEP;
      int i = xAt + block * Int8Blocks.BLOCK * TILE;
      for (int k = 0; k < Int8Blocks.BLOCK / 2; k++) {
        ShortVector a = ShortVector.fromArray(S, w, wAt + 2 * k * STEP);
        ShortVector b = ShortVector.fromArray(S, w, wAt + 2 * k * STEP + STEP);
        ShortVector x0 = IntVector.broadcast(I, x[i + 8 * k]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, x[i + 8 * k + 1]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, x[i + 8 * k + 2]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, x[i + 8 * k + 3]).reinterpretAsShorts();
        ShortVector y0 = IntVector.broadcast(I, x[i + 8 * k + 4]).reinterpretAsShorts();
        ShortVector y1 = IntVector.broadcast(I, x[i + 8 * k + 5]).reinterpretAsShorts();
        ShortVector y2 = IntVector.broadcast(I, x[i + 8 * k + 6]).reinterpretAsShorts();
        ShortVector y3 = IntVector.broadcast(I, x[i + 8 * k + 7]).reinterpretAsShorts();
        ShortVector p0 = a.mul(x0).add(b.mul(y0));
        ShortVector p1 = a.mul(x1).add(b.mul(y1));
        ShortVector p2 = a.mul(x2).add(b.mul(y2));
        ShortVector p3 = a.mul(x3).add(b.mul(y3));
        l0 = l0.add(p0);
        l1 = l1.add(p1);
        l2 = l2.add(p2);
        l3 = l3.add(p3);
        h0 = h0.add(p0.lanewise(VectorOperators.ASHR, 8));
        h1 = h1.add(p1.lanewise(VectorOperators.ASHR, 8));
        h2 = h2.add(p2.lanewise(VectorOperators.ASHR, 8));
        h3 = h3.add(p3.lanewise(VectorOperators.ASHR, 8));
      }
      int at = 2 * block * PER_RUN + group * TILE * LANES;
      l0.reinterpretAsInts().intoArray(sums, at);
      l1.reinterpretAsInts().intoArray(sums, at + LANES);
      l2.reinterpretAsInts().intoArray(sums, at + 2 * LANES);
      l3.reinterpretAsInts().intoArray(sums, at + 3 * LANES);
      h0.reinterpretAsInts().intoArray(sums, at + PER_RUN);
      h1.reinterpretAsInts().intoArray(sums, at + PER_RUN + LANES);
      h2.reinterpretAsInts().intoArray(sums, at + PER_RUN + 2 * LANES);
      h3.reinterpretAsInts().intoArray(sums, at + PER_RUN + 3 * LANES);
    }
  }

  /** A tile of one row and one group. */
  static void one(VectorSlab slab, int run, int[] x, int xAt) {
    short[] w = slab.weights;
    int runs = slab.blocks * Int8Blocks.BLOCK / run;
    for (int r = 0; r < runs; r++) {
      ShortVector a = ShortVector.zero(S);
      for (int k = r * run; k < (r + 1) * run; k++) {
        ShortVector x0 = IntVector.broadcast(I, x[xAt + k]).reinterpretAsShorts();
        a = a.add(ShortVector.fromArray(S, w, k * STEP).mul(x0));
      }
      a.reinterpretAsInts().intoArray(slab.sums, r * LANES);
    }
  }

  /** The same straight from a plane of four bits, for runs of a whole block. */
  static void nibblesOne(
      int[] plane, int planeAt, VectorSlab slab, int zero, VectorInput x, int xAt) {
    int[] pairs = x.pairs;
    int sumsAt = xAt / VectorInput.SUM;
    for (int block = 0; block < slab.blocks; block++) {
      int inputs = x.sums[sumsAt + 2 * block] + x.sums[sumsAt + 2 * block + 1];
      // Unsigned nibbles may wrap around on the way, but not at the end.
      ShortVector s =
          IntVector.broadcast(I, (-zero * inputs & 0xffff) * 0x10001).reinterpretAsShorts();
      for (int j = 0; j < 8; j++) {
        IntVector w4 = IntVector.fromArray(I, plane, planeAt + (block * 8 + j) * LANES);
        int k = xAt + block * Int8Blocks.BLOCK + j * 4;
        ShortVector x0 = IntVector.broadcast(I, pairs[k]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, pairs[k + 1]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, pairs[k + 2]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, pairs[k + 3]).reinterpretAsShorts();
        IntVector n0 = w4.and(0x000f000f);
        IntVector n1 = w4.lanewise(VectorOperators.LSHR, 4).and(0x000f000f);
        IntVector n2 = w4.lanewise(VectorOperators.LSHR, 8).and(0x000f000f);
        IntVector n3 = w4.lanewise(VectorOperators.LSHR, 12).and(0x000f000f);
        s = s.add(n0.reinterpretAsShorts().mul(x0));
        s = s.add(n1.reinterpretAsShorts().mul(x1));
        s = s.add(n2.reinterpretAsShorts().mul(x2));
        s = s.add(n3.reinterpretAsShorts().mul(x3));
      }
      s.reinterpretAsInts().intoArray(slab.sums, block * LANES);
    }
  }

  /** The same straight from a plane of bytes; two sums of a block. */
  static void bytesOne(int[] plane, int planeAt, VectorSlab slab, int[] x, int xAt) {
    for (int block = 0; block < slab.blocks; block++) {
      ShortVector l = ShortVector.zero(S);
      ShortVector h = l;
      for (int j = 0; j < 16; j++) {
        ShortVector w2 =
            IntVector.fromArray(I, plane, planeAt + (block * 16 + j) * LANES).reinterpretAsShorts();
        int k = xAt + block * Int8Blocks.BLOCK + 2 * j;
        ShortVector x0 = IntVector.broadcast(I, x[k]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, x[k + 1]).reinterpretAsShorts();
        ShortVector w0 = w2.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 8);
        ShortVector w1 = w2.lanewise(VectorOperators.ASHR, 8);
        ShortVector p = w0.mul(x0).add(w1.mul(x1));
        l = l.add(p);
        h = h.add(p.lanewise(VectorOperators.ASHR, 8));
      }
      l.reinterpretAsInts().intoArray(slab.sums, 2 * block * LANES);
      h.reinterpretAsInts().intoArray(slab.sums, (2 * block + 1) * LANES);
    }
  }
}
