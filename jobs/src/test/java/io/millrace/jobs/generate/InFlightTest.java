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

  private static GenerationUpdate update(long nanos, String text, int... tokens) {
    List<TokenOutput> outputs = new ArrayList<>();
    for (int token : tokens) {
      outputs.add(new TokenOutput(token, -1f, List.of(), false));
    }
    return new GenerationUpdate("prompt", outputs, text, null, null, 4, 1, nanos);
  }

  @Test
  void recordsWhatItGainedOnce() {
    answer.apply(update(10, ""), 1_001_000);
    answer.apply(update(20, "a", 1), 1_002_000);
    answer.apply(update(5, "b", 2), 1_003_000);

    Progress gained = answer.takeUnrecorded();
    assertThat(gained.getTokens()).extracting(GeneratedToken::getId).containsExactly(1, 2);
    assertThat(gained.getText()).isEqualTo("ab");
    assertThat(gained.getPrefillNanos()).isEqualTo(30);
    assertThat(gained.getDecodeNanos()).isEqualTo(5);
    assertThat(gained.getCachedPromptTokens()).isEqualTo(4);
    assertThat(answer.takeUnrecorded()).isNull();
    assertThat(answer.queueMs()).isEqualTo(1_000);
    assertThat(answer.firstTokenAfterMs()).isEqualTo(2_000);
  }

  /** A remote engine uses no time of a device of ours: its tokens must be kept all the same. */
  @Test
  void recordsTokensThatTookNoDeviceTime() {
    answer.apply(update(0, "a", 1), 1_001_000);
    assertThat(answer.takeUnrecorded().getText()).isEqualTo("a");
    answer.apply(update(0, "", 2), 1_001_000);
    assertThat(answer.takeUnrecorded().getTokens()).hasSize(1);
    answer.apply(update(0, "held back"), 1_001_000);
    assertThat(answer.takeUnrecorded().getText()).isEqualTo("held back");
    assertThat(answer.takeUnrecorded()).isNull();
  }

  @Test
  void hasNoTimeOfAFirstTokenThatNeverCame() {
    answer.apply(
        new GenerationUpdate("prompt", List.of(), "", FinishReason.STOP, null, 0, 1, 1), 1_001_000);
    assertThat(answer.firstTokenAfterMs()).isNull();
  }

  @Test
  void isRestoredFromItsRecordsWhereverTheyWereCut() {
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      InFlight original = new InFlight(prompt);
      List<Progress> records = new ArrayList<>();
      for (int step = 0; step < 30; step++) {
        int[] tokens = random.ints(random.nextInt(3), 0, 100).toArray();
        original.apply(
            update(random.nextInt(3), "x".repeat(random.nextInt(3)), tokens), 1_000_000 + step);
        Progress gained = random.nextInt(4) == 0 ? original.takeUnrecorded() : null;
        if (gained != null) {
          records.add(gained);
        }
      }
      Progress rest = original.takeUnrecorded();
      if (rest != null) {
        records.add(rest);
      }

      InFlight restored = InFlight.restored(prompt, records);
      assertThat(restored.takeUnrecorded()).as("seed " + seed).isNull();
      assertThat(restored)
          .as("seed " + seed)
          .returns(original.tokens(), InFlight::tokens)
          .returns(original.text(), InFlight::text)
          .returns(original.prefillNanos(), InFlight::prefillNanos)
          .returns(original.decodeNanos(), InFlight::decodeNanos)
          .returns(original.queueMs(), InFlight::queueMs)
          .returns(original.firstTokenAfterMs(), InFlight::firstTokenAfterMs)
          .returns(original.cachedPromptTokens(), InFlight::cachedPromptTokens);
    }
  }
}
