package io.millrace.engine.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.engine.sampling.grammar.GrammarFuzz;

/** Response formats, which callers write: each compiles or is refused, whatever they say. */
class GrammarFuzzTest {
  private static final String MAX = "10m";

  @FuzzTest(maxDuration = MAX)
  void schema(byte[] bytes) {
    Bounded.read(() -> GrammarFuzz.schema(bytes));
  }

  @FuzzTest(maxDuration = MAX)
  void pattern(byte[] bytes) {
    Bounded.read(() -> GrammarFuzz.pattern(bytes));
  }
}
