package io.millrace.engine.model;

import io.millrace.engine.backend.Tensor;

/**
 * How one kind of layer rotates.
 *
 * @param frequencies {@code [ropeDim / 2]}, radians per position
 * @param magnitude what the rotation multiplies queries and keys by
 */
public record RopeTable(Tensor frequencies, float magnitude) {}
