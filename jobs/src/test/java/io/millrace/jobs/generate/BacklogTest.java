package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BacklogTest {
  @Test
  void isFullAtEitherBoundAndOverfullAtTwice() {
    Backlog byCount = new Backlog(2, 1_000);
    byCount.add(1);
    assertThat(byCount.full()).isFalse();
    byCount.add(1);
    assertThat(byCount.full()).isTrue();
    byCount.add(1);
    assertThat(byCount.overfull()).isFalse();
    byCount.add(1);
    assertThat(byCount.overfull()).isTrue();

    Backlog byBytes = new Backlog(100, 10);
    byBytes.add(9);
    assertThat(byBytes.full()).isFalse();
    byBytes.add(1);
    assertThat(byBytes.full()).isTrue();
    assertThat(byBytes.overfull()).isFalse();
    byBytes.add(10);
    assertThat(byBytes.overfull()).isTrue();
  }

  @Test
  void hasRoomAgainForWhatLeft() {
    Backlog backlog = new Backlog(2, 10);
    backlog.add(4);
    backlog.add(6);
    backlog.remove(6);
    assertThat(backlog.full()).isFalse();
    assertThat(backlog.prompts()).isEqualTo(1);
    backlog.add(6);
    assertThat(backlog.full()).isTrue();
  }

  @Test
  void leavesCheckpointsRoomOnTopOfWhatWasRestored() {
    Backlog backlog = new Backlog(2, 1_000);
    for (int i = 0; i < 10; i++) {
      backlog.add(1);
    }
    backlog.allowForRestored();
    assertThat(backlog.full()).isTrue();
    assertThat(backlog.overfull()).isFalse();
    backlog.add(1);
    backlog.add(1);
    assertThat(backlog.overfull()).isTrue();
  }
}
