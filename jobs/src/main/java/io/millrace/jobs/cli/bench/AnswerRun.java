package io.millrace.jobs.cli.bench;

import io.millrace.engine.Engine;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.TokenOutput;
import io.millrace.jobs.cli.CommandFailure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * What an engine made of some prompts and how long it took, wall clock.
 *
 * @param decodeNanos from the step in which the last of the batch had its first token to the end of
 *     all, over all batches
 * @param totalNanos from submitting to the end
 * @param answers the ids of each answer's tokens, in the order of the prompts
 */
record AnswerRun(long decodeNanos, long totalNanos, List<List<Integer>> answers) {

  /**
   * Runs prompts to their end, so many at a time.
   *
   * @param sampling of the prompt at this place
   */
  static AnswerRun of(
      Engine engine, List<int[]> prompts, int batch, IntFunction<SamplingParams> sampling) {
    List<List<Integer>> answers = new ArrayList<>();
    long decodeNanos = 0;
    long totalNanos = 0;
    for (int from = 0; from < prompts.size(); from += batch) {
      int to = Math.min(prompts.size(), from + batch);
      long start = System.nanoTime();
      Map<String, List<Integer>> byId = submit(engine, prompts, from, to, sampling, answers);
      long decoding = run(engine, byId);
      long end = System.nanoTime();
      decodeNanos += end - decoding;
      totalNanos += end - start;
    }
    return new AnswerRun(decodeNanos, totalNanos, answers);
  }

  private static Map<String, List<Integer>> submit(
      Engine engine,
      List<int[]> prompts,
      int from,
      int to,
      IntFunction<SamplingParams> sampling,
      List<List<Integer>> answers) {
    Map<String, List<Integer>> byId = new HashMap<>();
    for (int i = from; i < to; i++) {
      try {
        engine.submit(
            new GenerationRequest(Integer.toString(i), prompts.get(i), sampling.apply(i)));
      } catch (RequestRejectedException e) {
        throw CommandFailure.failed(e.getMessage(), e);
      }
      List<Integer> answer = new ArrayList<>();
      answers.add(answer);
      byId.put(Integer.toString(i), answer);
    }
    return byId;
  }

  /** Steps to the end; returns when the last of them had its first token. */
  private static long run(Engine engine, Map<String, List<Integer>> byId) {
    long decoding = 0;
    int begun = 0;
    while (engine.hasWork()) {
      for (GenerationUpdate update : engine.step()) {
        if (update.finishReason() == FinishReason.ERROR) {
          throw CommandFailure.failed(update.error());
        }
        List<Integer> answer = byId.get(update.requestId());
        begun += answer.isEmpty() && !update.tokens().isEmpty() ? 1 : 0;
        update.tokens().stream().map(TokenOutput::id).forEach(answer::add);
      }
      if (decoding == 0 && begun == byId.size()) {
        decoding = System.nanoTime();
      }
    }
    return decoding;
  }
}
