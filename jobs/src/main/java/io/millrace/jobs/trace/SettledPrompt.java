package io.millrace.jobs.trace;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.Response;

/**
 * How an admitted prompt ended.
 *
 * @param row its final cost row
 * @param response its answer; null if there is none
 * @param errorType why there is none, a short code; null if there is one
 * @param phases what the engine did for it; null if no engine did anything
 */
public record SettledPrompt(
    AdmittedPrompt prompt, CostEvent row, Response response, String errorType, Phases phases) {

  /**
   * What an engine did, over all choices.
   *
   * @param queueMs from admission to its first step, milliseconds; null if there was none
   * @param firstTokenMs from admission to the first token; null if there was none
   * @param prefillNanos device time until then, nanoseconds
   * @param decodeNanos device time after it
   */
  public record Phases(Long queueMs, Long firstTokenMs, long prefillNanos, long decodeNanos) {}
}
