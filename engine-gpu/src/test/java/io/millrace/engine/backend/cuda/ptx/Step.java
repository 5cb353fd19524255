package io.millrace.engine.backend.cuda.ptx;

/** What one instruction does to a warp. */
@FunctionalInterface
interface Step {
  /**
   * @param lanes the threads that run it, a bit each; never 0
   */
  void run(Warp warp, int lanes);
}
