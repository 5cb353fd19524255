package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.TokenOutput;
import io.millrace.jobs.MillraceOptions.TokenEvents;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.TokenEvent;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenEventWriterTest {
  private static final long NOW_MS = 77;

  private final AdmittedPrompt prompt = GenerateHarness.prompt(7, "prompt");

  private static GenerationUpdate update(String text, FinishReason end, TokenOutput... tokens) {
    return new GenerationUpdate("prompt", List.of(tokens), text, end, null, 0, 1, 1);
  }

  private static TokenOutput token(int id, float logprob, boolean drafted) {
    return new TokenOutput(id, logprob, List.of(), drafted);
  }

  private static TokenEvent.Builder event(int index) {
    return TokenEvent.newBuilder()
        .setRequestId("prompts-0-7")
        .setIndex(index)
        .setTime(Instant.ofEpochMilli(NOW_MS));
  }

  @Test
  void writesAnEventForEachToken() {
    GenerationUpdate update =
        update("hi", FinishReason.LENGTH, token(5, -1f, false), token(6, -0.5f, true));

    assertThat(events(TokenEvents.TOKEN, update))
        .containsExactly(
            event(3).setTokenId(5).setText("").build(),
            event(4)
                .setTokenId(6)
                .setText("hi")
                .setDrafted(true)
                .setFinishReason(ResponseFinishReason.length)
                .build());
  }

  @Test
  void writesAnEventForEachStep() {
    prompt.getSampling().setLogprobs(0);
    GenerationUpdate update = update("hi", null, token(5, -1f, false), token(6, -0.5f, true));

    assertThat(events(TokenEvents.STEP, update))
        .containsExactly(
            event(3).setTokenCount(2).setText("hi").setLogprob(-1.5).setDrafted(true).build());
    assertThat(events(TokenEvents.STEP, update("h", null, token(5, -1f, false))))
        .containsExactly(event(3).setTokenId(5).setText("h").setLogprob(-1.0).build());
  }

  @Test
  void writesLogprobsOnlyWhenAskedFor() {
    GenerationUpdate update = update("h", null, token(5, -1f, false), token(6, -2f, false));
    for (TokenEvents mode : List.of(TokenEvents.TOKEN, TokenEvents.STEP)) {
      assertThat(events(mode, update)).allMatch(event -> event.getLogprob() == null);
    }
    prompt.getSampling().setLogprobs(2);
    assertThat(events(TokenEvents.TOKEN, update))
        .extracting(TokenEvent::getLogprob)
        .containsExactly(-1.0, -2.0);
  }

  @Test
  void writesAnEndThatBringsNoToken() {
    for (TokenEvents mode : List.of(TokenEvents.TOKEN, TokenEvents.STEP)) {
      assertThat(events(mode, update("held back", FinishReason.STOP)))
          .containsExactly(
              event(3)
                  .setTokenCount(0)
                  .setText("held back")
                  .setFinishReason(ResponseFinishReason.stop)
                  .build());
      assertThat(events(mode, update("", null))).as("still in the prompt").isEmpty();
    }
  }

  @Test
  void writesNothingWhenSwitchedOff() {
    assertThat(events(TokenEvents.OFF, update("h", FinishReason.STOP, token(5, -1f, false))))
        .isEmpty();
    assertThat(new TokenEventWriter(TokenEvents.OFF).reused(prompt, answer(), NOW_MS)).isEmpty();
  }

  @Test
  void writesASharedAnswerAsOneEvent() {
    for (TokenEvents mode : List.of(TokenEvents.TOKEN, TokenEvents.STEP)) {
      assertThat(new TokenEventWriter(mode).reused(prompt, answer(), NOW_MS))
          .containsExactly(
              event(0)
                  .setTokenCount(2)
                  .setText("whole")
                  .setFinishReason(ResponseFinishReason.stop)
                  .build());
    }
  }

  private static CachedAnswer answer() {
    return new CachedAnswer("whole", "stop", 6, 2, List.of(), "0", 0L, null, null, null, List.of());
  }

  private List<TokenEvent> events(TokenEvents mode, GenerationUpdate update) {
    return new TokenEventWriter(mode).generated(prompt, 0, 3, update, NOW_MS);
  }
}
