package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.cpu.ScalarBackend;
import io.millrace.engine.backend.cuda.CudaBackend;
import io.millrace.engine.backend.cuda.ptx.PtxDriver;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.model.ToyLlama;
import io.millrace.engine.model.Transformer;
import io.millrace.engine.speculative.DraftModelProposer;
import io.millrace.engine.speculative.DraftProposer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A whole engine on CUDA, its kernels interpreted: it gives the CPU's tokens, whatever company they
 * are in, from wherever it takes up the answer.
 */
class CudaEngineTest {
  private static final int BLOCK_TOKENS = 4;
  private static final int BLOCKS = 60;
  private static final int CONTEXT = 64;
  private static final int OUTPUT_TOKENS = 5;
  private static final long DEVICE_BYTES = 64 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"F16,F32", "Q8_0,F32", "Q4_0,INT8"})
  void givesTheCpusTokens(GgmlType type, KvType kv) throws Exception {
    Path path = ToyLlama.of(type).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend scalar = new ScalarBackend(1);
        Backend cuda = new CudaBackend(new PtxDriver(DEVICE_BYTES))) {
      EngineConfig batched = config(kv, 3, 9);
      Map<String, List<TokenOutput>> expected = run(file, scalar, batched, Map.of());
      Map<String, List<TokenOutput>> answers = run(file, cuda, batched, Map.of());
      assertThat(ids(answers)).isEqualTo(ids(expected));
      assertThat(answers.values()).allMatch(tokens -> tokens.size() == OUTPUT_TOKENS);

      // The rest does not only agree on tokens: probabilities are the same to the bit.
      assertThat(run(file, cuda, config(kv, 1, 40), Map.of())).isEqualTo(answers); // alone
      assertThat(run(file, cuda, config(kv, 3, 9).withPrefixCache(false), Map.of()))
          .isEqualTo(answers);

      Map<String, List<TokenOutput>> begun = new TreeMap<>();
      answers.forEach((id, tokens) -> begun.put(id, tokens.subList(0, 2)));
      Map<String, List<TokenOutput>> resumed = run(file, cuda, batched, begun);
      answers.forEach(
          (id, tokens) -> assertThat(resumed.get(id)).isEqualTo(tokens.subList(2, OUTPUT_TOKENS)));

      Speculation speculation = Speculation.fixed(Speculation.Method.DRAFT_MODEL, 2);
      Map<String, List<TokenOutput>> speculated =
          run(file, cuda, batched.withSpeculation(speculation), Map.of());
      assertThat(ids(speculated)).isEqualTo(ids(answers));
      assertThat(speculated.values().stream().flatMap(List::stream)).anyMatch(TokenOutput::drafted);
    }
  }

  private static EngineConfig config(KvType kv, int sequencesMax, int stepTokensMax) {
    return EngineConfig.of(sequencesMax, stepTokensMax, 100, BLOCKS, BLOCK_TOKENS, CONTEXT, 1)
        .withKvType(kv);
  }

  private static Map<String, List<Integer>> ids(Map<String, List<TokenOutput>> answers) {
    Map<String, List<Integer>> ids = new TreeMap<>();
    answers.forEach((id, tokens) -> ids.put(id, tokens.stream().map(TokenOutput::id).toList()));
    return ids;
  }

  private static Transformer model(GgufFile file, Backend backend, EngineConfig config)
      throws Exception {
    return Transformer.load(file, backend, BLOCKS, BLOCK_TOKENS, CONTEXT, config.kvType());
  }

  /** Four requests, two of which begin alike, greedy and drawn. */
  private static Map<String, List<TokenOutput>> run(
      GgufFile file, Backend backend, EngineConfig config, Map<String, List<TokenOutput>> begun)
      throws Exception {
    FakeTokenizer tokenizer = new FakeTokenizer();
    Transformer target = model(file, backend, config);
    DraftProposer proposer =
        config.speculation().method().needsModel()
            ? new DraftModelProposer(
                model(file, backend, config),
                tokenizer,
                tokenizer.vocabSize(),
                config.stepTokensMax(),
                () -> 0)
            : DraftProposer.NONE;
    Map<String, List<TokenOutput>> answers = new TreeMap<>();
    try (LocalEngine engine =
        new LocalEngine(target, tokenizer, config, () -> 0, () -> 0, proposer)) {
      for (int i = 0; i < 4; i++) {
        int[] prompt = {3, 1, 4, 1, 5, 9, 2, 6, 5 + i / 2, 3 + i};
        SamplingParams sampling =
            new SamplingParams(i % 2, 0, 1, 0, 1, i, OUTPUT_TOKENS, List.of(), 5, true);
        String id = "r" + i;
        engine.submit(
            new GenerationRequest(id, prompt, sampling, 0, begun.getOrDefault(id, List.of())));
      }
      while (engine.hasWork()) {
        for (GenerationUpdate update : engine.step()) {
          assertThat(update.error()).isNull();
          answers
              .computeIfAbsent(update.requestId(), id -> new ArrayList<>())
              .addAll(update.tokens());
        }
      }
    }
    return answers;
  }
}
