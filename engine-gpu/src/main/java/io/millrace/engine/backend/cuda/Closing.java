package io.millrace.engine.backend.cuda;

/** Gives back one thing after another, whatever fails among them. */
final class Closing {
  private Closing() {}

  /**
   * Runs all of them in order.
   *
   * @throws RuntimeException the first one's that failed, the others' suppressed in it
   */
  static void all(Iterable<Runnable> closings) {
    RuntimeException failure = null;
    for (Runnable closing : closings) {
      try {
        closing.run();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
