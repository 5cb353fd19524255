package io.millrace.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.cpu.ScalarBackend;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerplexityTest {
  private static final int VOCAB = 10;

  @TempDir Path folder;

  @Test
  void aModelThatKnowsNothingIsAsUnsureAsItsVocabularyIsLarge() {
    int[] text = new int[300];
    Perplexity result = Perplexity.of(new Guesser(0f), text, -1, 100, done -> {});
    assertThat(result.value()).isCloseTo(VOCAB, within(1e-9));
    assertThat(result.windows()).isEqualTo(3);
    assertThat(result.tokens()).isEqualTo(3 * (100 - 50 - 1));
    assertThat(result.valueError()).isCloseTo(0, within(1e-6));
  }

  @Test
  void onlyTheSecondHalfOfAWindowIsScored() {
    // The model expects each token to be the one before it plus 1.
    int[] text = new int[17]; // a window of 16, and a rest
    Arrays.setAll(text, i -> i % VOCAB);
    Guesser model = new Guesser(5f);
    double right = 1 + (VOCAB - 1) * Math.exp(-5);
    assertThat(Perplexity.of(model, text, -1, 16, done -> {}).value())
        .isCloseTo(right, within(1e-6));
    text[3] = 9; // not scored, nor does the next one look at more than its own row
    assertThat(Perplexity.of(model, text, -1, 16, done -> {}).value())
        .isCloseTo(right, within(1e-6));
    text[15] = 2; // scored: should be 5
    Perplexity wrong = Perplexity.of(model, text, -1, 16, done -> {});
    assertThat(wrong.meanLoss())
        .isCloseTo((6 * Math.log(right) + Math.log(right) + 5) / 7, within(1e-6));
    assertThat(wrong.standardError()).isPositive();
    text[8] = 0; // the first of the second half is given, not scored; the next one is
    Perplexity twice = Perplexity.of(model, text, -1, 16, done -> {});
    assertThat(twice.meanLoss()).isCloseTo(Math.log(right) + 2 * 5.0 / 7, within(1e-6));
  }

  @Test
  void windowsStartWithTheBeginOfText() {
    List<Integer> done = new ArrayList<>();
    Guesser model = new Guesser(1f);
    Perplexity.of(model, new int[205], 7, 100, done::add);
    assertThat(done).containsExactly(1, 2);
    assertThat(model.firstTokens).containsExactly(7, 7);
  }

  @Test
  void agreesWithAnIndependentComputation() throws IOException {
    ToyLlama shape = ToyLlama.of(GgmlType.F32);
    int[] text = new Random(3).ints(80, 0, shape.vocab()).toArray();
    Path path = shape.write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend backend = new ScalarBackend(1);
        Transformer model = Transformer.load(file, backend, 3, 16, 128)) {
      double losses = 0;
      for (int from : new int[] {0, 40}) {
        int[] window = Arrays.copyOfRange(text, from, from + 40);
        double[][] logits = new ReferenceLlama(file, shape).logits(window);
        for (int i = 20; i < 39; i++) {
          double sum = Arrays.stream(logits[i]).map(Math::exp).sum();
          losses += Math.log(sum) - logits[i][window[i + 1]];
        }
      }
      Perplexity result = Perplexity.of(model, text, -1, 40, done -> {});
      assertThat(result.tokens()).isEqualTo(38);
      assertThat(result.meanLoss()).isCloseTo(losses / 38, within(1e-5));
    }
  }

  @Test
  void shortTextsAndOddContextsAreRefused() {
    assertThatThrownBy(() -> Perplexity.of(new Guesser(0), new int[99], -1, 100, done -> {}))
        .hasMessage("the text has 99 tokens, fewer than the 100 of one window");
    assertThatThrownBy(() -> Perplexity.of(new Guesser(0), new int[99], -1, 3, done -> {}))
        .hasMessage("context is 3, must be 4 to 128, the model's");
    assertThatThrownBy(() -> Perplexity.of(new Guesser(0), new int[999], -1, 129, done -> {}))
        .hasMessage("context is 129, must be 4 to 128, the model's");
  }

  /** Gives the token after the row's own a higher logit than all others. */
  private static final class Guesser implements LanguageModel {
    private final float confidence;
    private final List<Integer> firstTokens = new ArrayList<>();

    Guesser(float confidence) {
      this.confidence = confidence;
    }

    @Override
    public int vocabSize() {
      return VOCAB;
    }

    @Override
    public int contextLength() {
      return 128;
    }

    @Override
    public int kvBlocks() {
      return 8;
    }

    @Override
    public int blockTokens() {
      return 16;
    }

    @Override
    public float[] forward(ForwardBatch batch) {
      batch.check(this);
      if (batch.positions()[0] == 0) {
        firstTokens.add(batch.tokens()[0]);
      }
      float[] logits = new float[batch.logitsRows().length * VOCAB];
      for (int i = 0; i < batch.logitsRows().length; i++) {
        int next = (batch.tokens()[batch.logitsRows()[i]] + 1) % VOCAB;
        logits[i * VOCAB + next] = confidence;
      }
      return logits;
    }

    @Override
    public void close() {}
  }
}
