package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link VectorAttention}'s products with a cache of int8: integers become floats as they are
 * loaded, and the scale of a token's vector is applied where that vector is one number, to its
 * score and to its weight. Four queries at a time, in the same orders as with float32.
 */
final class VectorInt8Kv {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  /** As many bytes as there are floats in a vector, or the fewest that a vector can have. */
  private static final VectorSpecies<Byte> B =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, 8 * LANES)));

  /** Bytes that a load may reach past the last one that counts. */
  static final int OVERREAD = B.length() - LANES;

  private VectorInt8Kv() {}

  /** {@code to[i][token] = q[i] . key[token]}, whole vectors of every block in sight. */
  static void score(
      VectorKvCache kv,
      int layer,
      int[] blockTable,
      int firstBlock,
      int blocks,
      int kvHead,
      float[] tile,
      float[] to,
      int length) {
    byte[] keys = kv.keyQuants(layer);
    float[] scales = kv.keyScales(layer);
    int step = kv.keyTokens();
    int headDim = kv.headDim();
    for (int block = 0; block < blocks; block++) {
      int keysAt = kv.keysAt(blockTable[firstBlock + block], kvHead);
      int scalesAt = kv.scalesAt(blockTable[firstBlock + block], kvHead);
      for (int t = 0; t < step; t += LANES) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int d = 0; d < headDim; d++) {
          FloatVector key =
              (FloatVector)
                  ByteVector.fromArray(B, keys, keysAt + t + d * step)
                      .convertShape(VectorOperators.B2F, F, 0);
          s0 = key.fma(FloatVector.broadcast(F, tile[4 * d]), s0);
          s1 = key.fma(FloatVector.broadcast(F, tile[4 * d + 1]), s1);
          s2 = key.fma(FloatVector.broadcast(F, tile[4 * d + 2]), s2);
          s3 = key.fma(FloatVector.broadcast(F, tile[4 * d + 3]), s3);
        }
        FloatVector scale = FloatVector.fromArray(F, scales, scalesAt + t);
        int at = block * step + t;
        s0.mul(scale).intoArray(to, at);
        s1.mul(scale).intoArray(to, at + length);
        s2.mul(scale).intoArray(to, at + 2 * length);
        s3.mul(scale).intoArray(to, at + 3 * length);
      }
    }
  }

  /** {@code weights[i][token] *= scale[token]}, whole vectors of one block's values. */
  static void weigh(
      VectorKvCache kv, int layer, int scalesAt, float[] weights, int weightsAt, int length) {
    float[] scales = kv.valueScales(layer);
    for (int t = 0; t < kv.keyTokens(); t += LANES) {
      FloatVector scale = FloatVector.fromArray(F, scales, scalesAt + t);
      for (int at = weightsAt + t; at < weightsAt + 4 * length; at += length) {
        FloatVector.fromArray(F, weights, at).mul(scale).intoArray(weights, at);
      }
    }
  }

  /** What {@link VectorAttention}'s own does. */
  static void mix(
      VectorKvCache kv,
      int layer,
      int valuesAt,
      int tokens,
      float[] weights,
      int weightsAt,
      int length,
      float[] to,
      int d) {
    byte[] values = kv.valueQuants(layer);
    int valueDim = kv.valueDim();
    int d1 = d + valueDim;
    int d2 = d1 + valueDim;
    int d3 = d2 + valueDim;
    FloatVector a0 = FloatVector.fromArray(F, to, d);
    FloatVector a1 = FloatVector.fromArray(F, to, d1);
    FloatVector a2 = FloatVector.fromArray(F, to, d2);
    FloatVector a3 = FloatVector.fromArray(F, to, d3);
    FloatVector b0 = FloatVector.fromArray(F, to, d + LANES);
    FloatVector b1 = FloatVector.fromArray(F, to, d1 + LANES);
    FloatVector b2 = FloatVector.fromArray(F, to, d2 + LANES);
    FloatVector b3 = FloatVector.fromArray(F, to, d3 + LANES);
    for (int t = 0; t < tokens; t++) {
      int valueAt = valuesAt + t * valueDim;
      FloatVector a =
          (FloatVector)
              ByteVector.fromArray(B, values, valueAt).convertShape(VectorOperators.B2F, F, 0);
      FloatVector b =
          (FloatVector)
              ByteVector.fromArray(B, values, valueAt + LANES)
                  .convertShape(VectorOperators.B2F, F, 0);
      int at = weightsAt + t;
      FloatVector w0 = FloatVector.broadcast(F, weights[at]);
      FloatVector w1 = FloatVector.broadcast(F, weights[at + length]);
      FloatVector w2 = FloatVector.broadcast(F, weights[at + 2 * length]);
      FloatVector w3 = FloatVector.broadcast(F, weights[at + 3 * length]);
      a0 = a.fma(w0, a0);
      b0 = b.fma(w0, b0);
      a1 = a.fma(w1, a1);
      b1 = b.fma(w1, b1);
      a2 = a.fma(w2, a2);
      b2 = b.fma(w2, b2);
      a3 = a.fma(w3, a3);
      b3 = b.fma(w3, b3);
    }
    a0.intoArray(to, d);
    b0.intoArray(to, d + LANES);
    a1.intoArray(to, d1);
    b1.intoArray(to, d1 + LANES);
    a2.intoArray(to, d2);
    b2.intoArray(to, d2 + LANES);
    a3.intoArray(to, d3);
    b3.intoArray(to, d3 + LANES);
  }
}
