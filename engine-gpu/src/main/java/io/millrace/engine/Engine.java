package io.millrace.engine;

import java.util.List;

/**
 * Generates tokens for many requests at once.
 *
 * <p>Not thread-safe: the thread that calls {@link #submit} is the one that calls {@link #step},
 * {@link #cancel} and {@link #close}. Between two steps a request can join or leave the batch.
 */
public interface Engine extends AutoCloseable {

  /**
   * Queues a request. It takes part from the next {@link #step} on for which it has room.
   *
   * @throws RequestRejectedException if the request can never run here (too long for the context or
   *     for the KV cache, a parameter out of range, an id already in use) or the queue is full
   */
  void submit(GenerationRequest request) throws RequestRejectedException;

  /**
   * Runs one step of the main loop: schedule, run the model, update the sequences.
   *
   * @return one update for each request that the step computed tokens for, or that has ended, in no
   *     particular order; empty if there was nothing to do
   */
  List<GenerationUpdate> step();

  /**
   * Ends a request early. The next {@link #step} reports it with {@link FinishReason#CANCELLED}.
   *
   * @return whether the id was known
   */
  boolean cancel(String requestId);

  /** Whether a {@link #step} has something to do. */
  boolean hasWork();

  /** A snapshot of the engine's load since it was opened. */
  EngineStats stats();

  @Override
  void close();
}
