package io.millrace.jobs.cli;

import io.millrace.engine.Engine;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.tokenizer.Conversation;
import io.millrace.jobs.Models;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.jobs.testing.ForwardingEngine;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;

/**
 * A model that answers in upper case.
 *
 * @param holds prompts that contain this are never answered; null for none
 */
public record FakeModels(String holds) implements Models {
  private static final long serialVersionUID = 1L;

  static final int CONTEXT_TOKENS = 200;

  @Override
  public ModelProfile profile(Configuration options, String model) {
    return new ModelProfile() {
      @Override
      public String name() {
        return model;
      }

      @Override
      public String digest() {
        return "fake";
      }

      @Override
      public int[] encode(Conversation conversation) {
        return FakeEngine.tokens(
            conversation.messages().stream()
                .map(message -> (String) message.get("content"))
                .collect(Collectors.joining("\n")));
      }

      @Override
      public int contextTokensMax() {
        return CONTEXT_TOKENS;
      }

      @Override
      public int outputTokensMax() {
        return CONTEXT_TOKENS;
      }

      @Override
      public float temperature() {
        return 0;
      }
    };
  }

  @Override
  public OpenedModel open(Configuration options, String model) {
    FakeEngine engine = new FakeEngine(Integer.MAX_VALUE);
    return new OpenedModel(
        holds == null ? engine : new Holding(engine, holds),
        FakeEngine.TOKENIZER,
        "fake",
        () -> "fake",
        () -> {});
  }

  /** Takes prompts with a certain text and never answers them. */
  private static final class Holding extends ForwardingEngine {
    private final String holds;

    Holding(Engine engine, String holds) {
      super(engine);
      this.holds = holds;
    }

    @Override
    public void submit(GenerationRequest request) throws RequestRejectedException {
      int[] tokens = request.promptTokens();
      if (!new String(tokens, 0, tokens.length).contains(holds)) {
        super.submit(request);
      }
    }
  }
}
