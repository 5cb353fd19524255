package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.state.AdmittedPrompt;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class BacklogTest {
  @Test
  void isFullAtEitherBound() {
    Backlog byCount = new Backlog(2, 1_000);
    byCount.add(prompt(1));
    assertThat(byCount.full()).isFalse();
    byCount.add(prompt(1));
    assertThat(byCount.full()).isTrue();

    Backlog byBytes = new Backlog(100, 10);
    byBytes.add(prompt(9));
    assertThat(byBytes.full()).isFalse();
    byBytes.add(prompt(1));
    assertThat(byBytes.full()).isTrue();
  }

  @Test
  void countsAPromptForEachOfItsChoices() {
    Backlog backlog = new Backlog(4, 1_000);
    AdmittedPrompt prompt = prompt(1);
    prompt.getSampling().setN(4);
    backlog.add(prompt);
    assertThat(backlog.full()).isTrue();
    backlog.remove(prompt);
    assertThat(backlog.prompts()).isZero();
  }

  @Test
  void hasRoomAgainForWhatLeft() {
    Backlog backlog = new Backlog(2, 10);
    backlog.add(prompt(4));
    backlog.add(prompt(6));
    backlog.remove(prompt(6));
    assertThat(backlog.full()).isFalse();
    assertThat(backlog.prompts()).isEqualTo(1);
    backlog.add(prompt(6));
    assertThat(backlog.full()).isTrue();
  }

  /** A prompt of so many bytes. */
  private static AdmittedPrompt prompt(int bytes) {
    AdmittedPrompt prompt = GenerateHarness.prompt(0, "");
    prompt.setValue(ByteBuffer.allocate(bytes));
    return prompt;
  }
}
