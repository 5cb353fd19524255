package io.millrace.engine.remote;

import java.util.concurrent.CompletableFuture;

/**
 * Takes note of calls before they are made, where a crash does not reach: whoever pays can then see
 * which calls may have been made twice.
 */
public interface AttemptLog extends AutoCloseable {

  /** Keeps nothing. */
  AttemptLog NONE =
      new AttemptLog() {
        @Override
        public CompletableFuture<Void> record(Attempt attempt) {
          return CompletableFuture.completedFuture(null);
        }

        @Override
        public void close() {}
      };

  /**
   * Notes a call. Does not block.
   *
   * @return completes when the note is safe, and only then may the call be made; exceptionally if
   *     it is not known to be
   */
  CompletableFuture<Void> record(Attempt attempt);

  @Override
  void close();
}
