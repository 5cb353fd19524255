package io.millrace.engine.backend;

/** What a {@link KvCache} keeps of keys and values. */
public enum KvType {
  /** Every element as it was computed, float32. */
  F32,

  /** Every element rounded to binary16, halves to even, to infinity beyond 65519. */
  F16,

  /**
   * Every key and value vector of a head rounded to int8 with one float32 scale: a bit over a
   * quarter of {@link #F32}'s memory, for a small loss that is measured in docs/BENCHMARKS.md.
   */
  INT8
}
