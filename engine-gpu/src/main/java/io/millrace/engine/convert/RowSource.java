package io.millrace.engine.convert;

import java.io.IOException;

/** A matrix as float32, row by row in any order, on any thread. */
@FunctionalInterface
interface RowSource {
  /**
   * @param into receives the row from index 0 on
   */
  void read(long row, float[] into) throws IOException;
}
