package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.cpu.CpuBackends;
import io.millrace.engine.backend.cpu.ScalarBackend;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.ForwardingModel;
import io.millrace.engine.model.LanguageModel;
import io.millrace.engine.model.ToyLlama;
import io.millrace.engine.model.Transformer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * With real arithmetic: what the prefix cache holds is what would have been computed, bit by bit.
 */
class PrefixCacheEquivalenceTest {
  private static final int BLOCK_TOKENS = 4;
  private static final int CONTEXT = 128;

  /** Just more than the longest request takes. */
  private static final int FEW_BLOCKS = 16;

  private static final int MANY_BLOCKS = 200;

  @TempDir Path folder;

  /** What a run gave: the answers by request, and all logits that were drawn from. */
  private record Run(Map<String, List<TokenOutput>> answers, List<String> logits, long hits) {}

  @ParameterizedTest
  @CsvSource({"F32,F32", "Q8_0,F32", "Q4_0,F32", "F32,F16", "Q4_0,F16", "F32,INT8", "Q4_0,INT8"})
  void logitsAreTheSameWithAndWithoutIt(GgmlType type, KvType kvType) throws Exception {
    Path path = ToyLlama.of(type).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend scalar = new ScalarBackend(1);
        Backend vector = CpuBackends.vector(2)) {
      for (Backend backend : List.of(scalar, vector)) {
        Run alone = run(file, backend, config(kvType, 1, 200, MANY_BLOCKS, false));
        Run cached = run(file, backend, config(kvType, 4, 7, MANY_BLOCKS, true));
        Run shortOfBlocks = run(file, backend, config(kvType, 4, 9, FEW_BLOCKS, true));
        assertThat(alone.hits()).isZero();
        assertThat(cached.hits()).isGreaterThan(100);
        assertThat(shortOfBlocks.hits()).isBetween(1L, cached.hits());
        for (Run run : List.of(cached, shortOfBlocks)) {
          assertThat(run.answers()).isEqualTo(alone.answers());
          assertThat(run.logits()).isEqualTo(alone.logits());
        }
      }
    }
  }

  private static EngineConfig config(
      KvType kvType, int sequencesMax, int stepTokensMax, int kvBlocks, boolean prefixCache) {
    return EngineConfig.of(sequencesMax, stepTokensMax, 100, kvBlocks, BLOCK_TOKENS, CONTEXT, 1)
        .withPrefixCache(prefixCache)
        .withKvType(kvType);
  }

  private static Run run(GgufFile file, Backend backend, EngineConfig config) throws Exception {
    List<String> logits = new ArrayList<>();
    Map<String, List<TokenOutput>> answers = new TreeMap<>();
    Transformer model =
        Transformer.load(file, backend, config.kvBlocks(), BLOCK_TOKENS, CONTEXT, config.kvType());
    try (LocalEngine engine =
        new LocalEngine(new Recording(model, logits), new FakeTokenizer(), config, () -> 0)) {
      Random random = new Random(5);
      int[] start = random.ints(30, 0, 30).toArray();
      for (int i = 0; i < 20; i++) {
        int[] prompt = random.ints(10 + random.nextInt(30), 0, 30).toArray();
        System.arraycopy(start, 0, prompt, 0, Math.min(prompt.length, random.nextInt(31)));
        SamplingParams sampling = new SamplingParams(i % 2, 0, 1, 0, 1, i, 12, List.of(), 5, true);
        engine.submit(new GenerationRequest("r" + i, prompt, sampling));
      }
      while (engine.hasWork()) {
        for (GenerationUpdate update : engine.step()) {
          answers
              .computeIfAbsent(update.requestId(), id -> new ArrayList<>())
              .addAll(update.tokens());
        }
      }
      logits.sort(null);
      return new Run(answers, logits, engine.stats().prefixHitTokens());
    }
  }

  /** Keeps the rows of logits, each with its position. */
  private static final class Recording extends ForwardingModel {
    private final List<String> logits;

    Recording(LanguageModel model, List<String> logits) {
      super(model);
      this.logits = logits;
    }

    @Override
    public float[] forward(ForwardBatch batch) {
      float[] all = super.forward(batch);
      for (int i = 0; i < batch.logitsRows().length; i++) {
        float[] row = Arrays.copyOfRange(all, i * vocabSize(), (i + 1) * vocabSize());
        logits.add(batch.positions()[batch.logitsRows()[i]] + " " + Arrays.toString(row));
      }
      return all;
    }
  }
}
