package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums of products of unpacked weights and int8 activations, run by run, exact in int16.
 *
 * <p>{@link VectorScaling} takes the sums.
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

  /** A tile of two rows and both groups of the slab. */
  static void two(VectorSlab slab, int run, int[] x, int xAt) {
    short[] w = slab.weights;
    int[] sums = slab.sums;
    int second = slab.secondAt;
    int runs = slab.blocks * Int8Blocks.BLOCK / run;
    for (int r = 0; r < runs; r++) {
      ShortVector a0 = ShortVector.zero(S);
      ShortVector a1 = a0;
      ShortVector b0 = a0;
      ShortVector b1 = a0;
      int wAt = r * run * STEP;
      int i = xAt + r * run * 2;
      for (int k = 0; k < run; k++) {
        ShortVector a = ShortVector.fromArray(S, w, wAt + k * STEP);
        ShortVector b = ShortVector.fromArray(S, w, second + wAt + k * STEP);
        ShortVector x0 = IntVector.broadcast(I, x[i + 2 * k]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, x[i + 2 * k + 1]).reinterpretAsShorts();
        a0 = a0.add(a.mul(x0));
        a1 = a1.add(a.mul(x1));
        b0 = b0.add(b.mul(x0));
        b1 = b1.add(b.mul(x1));
      }
      int at = 4 * r * LANES;
      a0.reinterpretAsInts().intoArray(sums, at);
      a1.reinterpretAsInts().intoArray(sums, at + LANES);
      b0.reinterpretAsInts().intoArray(sums, at + 2 * LANES);
      b1.reinterpretAsInts().intoArray(sums, at + 3 * LANES);
    }
  }
}
