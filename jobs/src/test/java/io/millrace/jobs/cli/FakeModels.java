package io.millrace.jobs.cli;

import io.millrace.jobs.Models;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.schemas.Message;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;

/** A model that answers in upper case; its engine runs so many steps and then no more. */
public record FakeModels(int steps) implements Models {
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
      public int[] encode(List<Message> messages) {
        return FakeEngine.tokens(
            messages.stream().map(Message::getContent).collect(Collectors.joining("\n")));
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
    return new OpenedModel(new FakeEngine(steps), FakeEngine.TOKENIZER, "fake", () -> {});
  }
}
