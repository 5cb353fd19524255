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

  /**
   * The same where only two products fit, of one row of the tile and both groups; two sums of a
   * block. One row, because the compiler gives up on longer methods of vectors; both groups,
   * because it only broadcasts straight from memory what it needs twice.
   *
   * @param pairs of inputs in a block
   */
  static void wide(VectorSlab slab, int row, int pairs, int[] x, int xAt) {
    short[] w = slab.weights;
    int[] sums = slab.sums;
    int odd = slab.oddAt;
    int second = slab.secondAt;
    int secondOdd = second + odd;
    for (int block = 0; block < slab.blocks; block++) {
      ShortVector la = ShortVector.zero(S);
      ShortVector lb = la;
      ShortVector ha = la;
      ShortVector hb = la;
      int wAt = block * pairs * STEP;
      int i = xAt + block * pairs * 2 * TILE + row;
      for (int k = 0; k < pairs; k++) {
        ShortVector x0 = IntVector.broadcast(I, x[i + 8 * k]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, x[i + 8 * k + 4]).reinterpretAsShorts();
        ShortVector a0 = ShortVector.fromArray(S, w, wAt + k * STEP);
        ShortVector a1 = ShortVector.fromArray(S, w, odd + wAt + k * STEP);
        ShortVector b0 = ShortVector.fromArray(S, w, second + wAt + k * STEP);
        ShortVector b1 = ShortVector.fromArray(S, w, secondOdd + wAt + k * STEP);
        ShortVector a = a0.mul(x0).add(a1.mul(x1));
        ShortVector b = b0.mul(x0).add(b1.mul(x1));
        la = la.add(a);
        lb = lb.add(b);
        ha = ha.add(a.lanewise(VectorOperators.ASHR, 8));
        hb = hb.add(b.lanewise(VectorOperators.ASHR, 8));
      }
      int at = 2 * block * PER_RUN + row * LANES;
      la.reinterpretAsInts().intoArray(sums, at);
      lb.reinterpretAsInts().intoArray(sums, at + TILE * LANES);
      ha.reinterpretAsInts().intoArray(sums, at + PER_RUN);
      hb.reinterpretAsInts().intoArray(sums, at + PER_RUN + TILE * LANES);
    }
  }

  /** A tile of one row and both groups of the slab. */
  static void one(VectorSlab slab, int run, int[] x, int xAt) {
    short[] w = slab.weights;
    int second = slab.secondAt;
    int runs = slab.blocks * Int8Blocks.BLOCK / run;
    for (int r = 0; r < runs; r++) {
      ShortVector a = ShortVector.zero(S);
      ShortVector b = a;
      int wAt = r * run * STEP;
      int i = xAt + r * run;
      for (int k = 0; k < run; k++) {
        ShortVector xk = IntVector.broadcast(I, x[i + k]).reinterpretAsShorts();
        a = a.add(ShortVector.fromArray(S, w, wAt + k * STEP).mul(xk));
        b = b.add(ShortVector.fromArray(S, w, second + wAt + k * STEP).mul(xk));
      }
      a.reinterpretAsInts().intoArray(slab.sums, 2 * r * LANES);
      b.reinterpretAsInts().intoArray(slab.sums, 2 * r * LANES + LANES);
    }
  }

  /**
   * The same straight from a plane of four bits, for runs of a whole block.
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

  /** The same straight from a plane of bytes; two sums of a block. */
  static void bytesOne(int[] plane, int first, int second, VectorSlab slab, int[] x, int xAt) {
    int[] sums = slab.sums;
    for (int block = 0; block < slab.blocks; block++) {
      ShortVector la = ShortVector.zero(S);
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
}
