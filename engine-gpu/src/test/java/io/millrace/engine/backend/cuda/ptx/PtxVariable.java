package io.millrace.engine.backend.cuda.ptx;

/**
 * A declared variable or parameter.
 *
 * @param space {@code param}, {@code shared}, {@code local}, {@code global} or {@code const}
 * @param bytes 0 for dynamic shared memory
 * @param initial what it holds at first, or null where nothing is said
 */
record PtxVariable(String space, String name, int bytes, int alignment, byte[] initial) {}
