package io.millrace.engine;

import java.util.List;

/**
 * How tokens are drawn and when to stop. Every component has its final value: defaults are applied
 * before this record is made.
 *
 * @param temperature 0 is greedy; else logits are divided by it, at most 100
 * @param topK keep the K most likely tokens; 0 keeps all
 * @param topP keep the smallest set of tokens whose probabilities sum to at least this; in (0, 1]
 * @param minP drop tokens less likely than this share of the most likely one; in [0, 1)
 * @param repetitionPenalty divides positive logits and multiplies negative ones of tokens already
 *     in prompt or output; 1 is none; greater than 0
 * @param seed selects the noise; the token at (seed, choice, position) does not depend on what else
 *     runs
 * @param maxTokens most tokens to generate, at least 1
 * @param stop strings that end the text and are not part of it
 * @param logprobs how many of the most likely tokens to report per position; -1 reports none, 0
 *     only the drawn token's
 * @param ignoreEos go on past the model's end token (for benchmarks); with a response format it
 *     ends the answer all the same
 * @param choice which of several answers to one prompt this is, from 0. Each draws with noise of
 *     its own; choice 0 is the answer that the prompt gets when only one is asked for
 * @param format what the answer must look like, or null for any text
 */
public record SamplingParams(
    float temperature,
    int topK,
    float topP,
    float minP,
    float repetitionPenalty,
    long seed,
    int maxTokens,
    List<String> stop,
    int logprobs,
    boolean ignoreEos,
    int choice,
    ResponseFormat format) {

  /** Most stop strings of one request. */
  public static final int STOP_STRINGS_MAX = 16;

  /** Most characters in one stop string. */
  public static final int STOP_STRING_LENGTH_MAX = 256;

  /** Most answers to one prompt. */
  public static final int CHOICES_MAX = 16;

  /** Most alternatives reported per position. */
  public static final int LOGPROBS_MAX = 20;

  /**
   * @throws IllegalArgumentException naming the component that is out of range
   */
  public SamplingParams {
    check(temperature >= 0 && temperature <= 100, "temperature", temperature, "0 to 100");
    check(topK >= 0, "top_k", topK, "0 (all) or more");
    check(topP > 0 && topP <= 1, "top_p", topP, "greater than 0, at most 1");
    check(minP >= 0 && minP < 1, "min_p", minP, "0 or more, below 1");
    check(
        repetitionPenalty > 0 && repetitionPenalty <= 100,
        "repetition_penalty",
        repetitionPenalty,
        "greater than 0, at most 100");
    check(maxTokens >= 1, "max_tokens", maxTokens, "1 or more");
    check(
        logprobs >= -1 && logprobs <= LOGPROBS_MAX, "logprobs", logprobs, "-1 to " + LOGPROBS_MAX);
    check(choice >= 0 && choice < CHOICES_MAX, "choice", choice, "0 to " + (CHOICES_MAX - 1));
    stop = List.copyOf(stop);
    check(stop.size() <= STOP_STRINGS_MAX, "stop", stop.size(), "at most " + STOP_STRINGS_MAX);
    for (String s : stop) {
      check(
          !s.isEmpty() && s.length() <= STOP_STRING_LENGTH_MAX,
          "stop",
          s.length() + " characters",
          "1 to " + STOP_STRING_LENGTH_MAX + " characters");
    }
  }

  /** Choice 0, any text. */
  public SamplingParams(
      float temperature,
      int topK,
      float topP,
      float minP,
      float repetitionPenalty,
      long seed,
      int maxTokens,
      List<String> stop,
      int logprobs,
      boolean ignoreEos) {
    this(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        seed,
        maxTokens,
        stop,
        logprobs,
        ignoreEos,
        0,
        null);
  }

  /** The same for another of the answers to a prompt. */
  public SamplingParams withChoice(int index) {
    return with(index, format);
  }

  /** The same for answers of a format; null for any text. */
  public SamplingParams withFormat(ResponseFormat wanted) {
    return with(choice, wanted);
  }

  private SamplingParams with(int index, ResponseFormat wanted) {
    return new SamplingParams(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        seed,
        maxTokens,
        stop,
        logprobs,
        ignoreEos,
        index,
        wanted);
  }

  /** Greedy decoding of at most {@code maxTokens} tokens, nothing else. */
  public static SamplingParams greedy(int maxTokens) {
    return new SamplingParams(0, 0, 1, 0, 1, 0, maxTokens, List.of(), -1, false);
  }

  public boolean isGreedy() {
    return temperature == 0;
  }

  private static void check(boolean valid, String name, Object value, String range) {
    if (!valid) {
      throw new IllegalArgumentException(name + " is " + value + ", must be " + range);
    }
  }
}
