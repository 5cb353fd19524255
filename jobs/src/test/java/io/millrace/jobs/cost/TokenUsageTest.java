package io.millrace.jobs.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TokenUsageTest {
  @Test
  void everyTokenIsOfOneKind() {
    TokenUsage usage = new TokenUsage(100, 30, 20, 10, 50, 45);
    assertThat(usage.tokens(TokenKind.INPUT)).isEqualTo(40);
    assertThat(usage.tokens(TokenKind.OUTPUT)).isEqualTo(5);
    assertThat(Stream.of(TokenKind.values()).mapToLong(usage::tokens).sum()).isEqualTo(150);
  }

  @Test
  void refusesWhatCannotBe() {
    refused(-1, 0, 0, 0, 0, 0, "input is -1 tokens, must be 0 to 1000000000, most of a request");
    refused(10, 11, 0, 0, 0, 0, "cached is 11 tokens, must be 0 to 10, all of the input");
    refused(
        10, 5, 6, 0, 0, 0, "cache-write is 6 tokens, must be 0 to 5, the input that is not cached");
    refused(10, 5, 5, 1, 0, 0, "cache-write-1h is 1 tokens, must be 0 to 0");
    refused(0, 0, 0, 0, 1_000_000_001, 0, "output is 1000000001 tokens");
    refused(0, 0, 0, 0, 3, 4, "reasoning is 4 tokens, must be 0 to 3, all of the output");
  }

  private static void refused(
      long input, long cached, long write, long write1h, long output, long reasoning, String why) {
    assertThatThrownBy(() -> new TokenUsage(input, cached, write, write1h, output, reasoning))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(why);
  }
}
