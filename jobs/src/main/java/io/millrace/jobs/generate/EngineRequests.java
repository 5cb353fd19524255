package io.millrace.jobs.generate;

import io.millrace.engine.ChatRequest;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.ResponseFormat;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.TokenOutput;
import io.millrace.jobs.admit.ResponseFormats;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.GeneratedToken;
import io.millrace.jobs.state.Sampling;
import java.nio.ByteBuffer;

/** What the engine is asked for, from what keyed state holds. */
final class EngineRequests {
  private EngineRequests() {}

  /**
   * The engine's request for a choice, from where it stands.
   *
   * @param deadlineMs epoch milliseconds, or {@link GenerationRequest#NO_DEADLINE}
   */
  static GenerationRequest of(ChoiceInFlight choice, long deadlineMs) {
    AdmittedPrompt prompt = choice.answer().leader();
    return new GenerationRequest(
        choice.engineId(),
        ints(prompt.getPromptTokens()),
        sampling(prompt.getSampling()).withChoice(choice.index()).withFormat(format(prompt)),
        prompt.getPriority(),
        choice.tokens().stream().map(EngineRequests::output).toList(),
        prefixScope(prompt),
        prompt.getTenant(),
        deadlineMs,
        prompt.getChat() == null ? null : new ChatRequest(prompt.getChat()),
        choice.nextAttempt());
  }

  /** How many tokens a prompt has. */
  static int promptTokens(AdmittedPrompt prompt) {
    return prompt.getPromptTokens().remaining() / Integer.BYTES;
  }

  /** A remote model reads the format in its chat. */
  private static ResponseFormat format(AdmittedPrompt prompt) {
    return prompt.getChat() == null ? ResponseFormats.admitted(prompt.getResponseFormat()) : null;
  }

  private static SamplingParams sampling(Sampling s) {
    return new SamplingParams(
        s.getTemperature(),
        s.getTopK(),
        s.getTopP(),
        s.getMinP(),
        s.getRepetitionPenalty(),
        s.getSeed(),
        s.getMaxTokens(),
        s.getStop(),
        s.getLogprobs(),
        s.getIgnoreEos());
  }

  /** With a space in it, which no admitted scope has. */
  private static String prefixScope(AdmittedPrompt prompt) {
    return prompt.getPrefixScope() != null
        ? prompt.getPrefixScope()
        : "tenant " + prompt.getTenant();
  }

  private static TokenOutput output(GeneratedToken token) {
    return new TokenOutput(
        token.getId(),
        token.getLogprob(),
        token.getAlternatives().stream()
            .map(a -> new TokenOutput.TokenLogprob(a.getId(), a.getLogprob()))
            .toList(),
        token.getDrafted());
  }

  private static int[] ints(ByteBuffer tokens) {
    int[] ints = new int[tokens.remaining() / Integer.BYTES];
    tokens.duplicate().asIntBuffer().get(ints);
    return ints;
  }
}
