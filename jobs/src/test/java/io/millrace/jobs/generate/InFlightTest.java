package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.TokenOutput;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.GeneratedToken;
import io.millrace.jobs.state.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InFlightTest {
  private final AdmittedPrompt prompt = GenerateHarness.prompt(0, "prompt");
  private final InFlight answer = new InFlight(prompt);
  private final ChoiceInFlight choice = answer.choices().get(0);

  private static GenerationUpdate update(long nanos, String text, int... tokens) {
    List<TokenOutput> outputs = new ArrayList<>();
    for (int token : tokens) {
      outputs.add(new TokenOutput(token, -1f, List.of(), false));
    }
    return new GenerationUpdate("prompt", outputs, text, null, null, 4, 1, nanos);
  }

  @Test
  void recordsWhatItGainedOnce() {
    choice.apply(update(10, ""), 1_001_000);
    choice.apply(update(20, "a", 1), 1_002_000);
    choice.apply(update(5, "b", 2), 1_003_000);

    Progress gained = choice.takeUnrecorded();
    assertThat(gained.getTokens()).extracting(GeneratedToken::getId).containsExactly(1, 2);
    assertThat(gained.getText()).isEqualTo("ab");
    assertThat(gained.getPrefillNanos()).isEqualTo(30);
    assertThat(gained.getDecodeNanos()).isEqualTo(5);
    assertThat(gained.getCachedPromptTokens()).isEqualTo(4);
    assertThat(choice.takeUnrecorded()).isNull();
    assertThat(answer.queueMs()).isEqualTo(1_000);
    assertThat(answer.firstTokenAfterMs()).isEqualTo(2_000);
  }

  /** A remote engine uses no time of a device of ours: its tokens must be kept all the same. */
  @Test
  void recordsTokensThatTookNoDeviceTime() {
    choice.apply(update(0, "a", 1), 1_001_000);
    assertThat(choice.takeUnrecorded().getText()).isEqualTo("a");
    choice.apply(update(0, "", 2), 1_001_000);
    assertThat(choice.takeUnrecorded().getTokens()).hasSize(1);
    choice.apply(update(0, "held back"), 1_001_000);
    assertThat(choice.takeUnrecorded().getText()).isEqualTo("held back");
    assertThat(choice.takeUnrecorded()).isNull();
  }

  @Test
  void hasNoTimeOfAFirstTokenThatNeverCame() {
    choice.apply(
        new GenerationUpdate("prompt", List.of(), "", FinishReason.STOP, null, 0, 1, 1), 1_001_000);
    assertThat(answer.firstTokenAfterMs()).isNull();
  }

  @Test
  void isRestoredFromItsRecordsWhereverTheyWereCut() {
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      AdmittedPrompt asked = GenerateHarness.prompt(0, "prompt");
      asked.getSampling().setN(1 + random.nextInt(3));
      InFlight original = new InFlight(asked);
      List<Progress> records = new ArrayList<>();
      for (int step = 0; step < 30; step++) {
        for (ChoiceInFlight some : original.choices()) {
          if (some.finishReason() == null) {
            some.apply(randomUpdate(random), 1_000_000 + step);
          }
        }
        if (random.nextInt(4) == 0) {
          records.addAll(original.takeUnrecorded());
        }
      }
      records.addAll(original.takeUnrecorded());

      InFlight restored = InFlight.restored(asked, records);
      assertThat(restored.takeUnrecorded()).as("seed " + seed).isEmpty();
      assertThat(restored)
          .as("seed " + seed)
          .returns(original.prefillNanos(), InFlight::prefillNanos)
          .returns(original.decodeNanos(), InFlight::decodeNanos)
          .returns(original.outputTokens(), InFlight::outputTokens)
          .returns(original.queueMs(), InFlight::queueMs)
          .returns(original.firstTokenAfterMs(), InFlight::firstTokenAfterMs)
          .returns(original.finished(), InFlight::finished);
      for (ChoiceInFlight some : original.choices()) {
        assertThat(restored.choices().get(some.index()))
            .as("seed " + seed)
            .returns(some.tokens(), ChoiceInFlight::tokens)
            .returns(some.text(), ChoiceInFlight::text)
            .returns(some.finishReason(), ChoiceInFlight::finishReason)
            .returns(some.savedNanos(), ChoiceInFlight::savedNanos)
            .returns(some.cachedPromptTokens(), ChoiceInFlight::cachedPromptTokens);
      }
    }
  }

  private static GenerationUpdate randomUpdate(Random random) {
    List<TokenOutput> tokens = new ArrayList<>();
    for (int n = random.nextInt(3); n > 0; n--) {
      tokens.add(new TokenOutput(random.nextInt(100), -1f, List.of(), false));
    }
    FinishReason end = random.nextInt(20) == 0 ? FinishReason.STOP : null;
    String text = "x".repeat(random.nextInt(3));
    int saved = random.nextInt(5) - 2;
    return new GenerationUpdate(
        "prompt", tokens, text, end, null, 4, 1, random.nextInt(3), 0, 0, saved);
  }
}
