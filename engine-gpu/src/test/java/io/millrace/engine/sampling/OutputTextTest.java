package io.millrace.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.FakeTokenizer;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutputTextTest {
  private static final int A = 1;
  private static final int CAB = 18;
  private static final int E_ACUTE_FIRST = 22;
  private static final int E_ACUTE_SECOND = 23;

  @Test
  void givesTextAsItBecomesFinal() {
    OutputText text = new OutputText(new FakeTokenizer(), List.of("bad"));
    text.feed(A);
    assertThat(text.take()).isEqualTo("a");
    text.feed(E_ACUTE_FIRST);
    assertThat(text.take()).isEmpty();
    text.feed(E_ACUTE_SECOND);
    assertThat(text.take()).isEqualTo("é");
    text.feed(CAB);
    assertThat(text.take()).isEqualTo("ca");
    text.end();
    assertThat(text.take()).isEqualTo("b");
    assertThat(text.stopped()).isFalse();
  }

  @Test
  void stopsInTheMiddleOfATokensText() {
    OutputText text = new OutputText(new FakeTokenizer(), List.of("éc"));
    text.feed(A);
    text.feed(E_ACUTE_FIRST);
    text.feed(E_ACUTE_SECOND);
    text.feed(CAB);
    text.end();
    assertThat(text.take()).isEqualTo("a");
    assertThat(text.stopped()).isTrue();
  }

  @Test
  void halfACharacterAtTheEndIsReplaced() {
    OutputText text = new OutputText(new FakeTokenizer(), List.of());
    text.feed(A);
    text.feed(E_ACUTE_FIRST);
    text.end();
    assertThat(text.take()).isEqualTo("a\uFFFD");
  }
}
