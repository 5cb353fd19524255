package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.cpu.ScalarBackend;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.model.ToyLlama;
import io.millrace.engine.model.Transformer;
import io.millrace.engine.speculative.DraftModelProposer;
import io.millrace.engine.speculative.DraftProposer;
import io.millrace.engine.speculative.Proposers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A whole engine on CUDA: it gives the CPU's tokens, whatever company they are in, from wherever it
 * takes up the answer, and wherever they are drawn.
 */
abstract class CudaEngineParity {
  private static final int BLOCK_TOKENS = 4;
  private static final int BLOCKS = 60;
  private static final int CONTEXT = 64;
  private static final int OUTPUT_TOKENS = 5;
  private static final int REQUESTS = 4;

  /** Logits are read and tokens drawn by the host, with as many alternatives. */
  private static final int ON_THE_HOST = 5;

  /** No log-probabilities: tokens are drawn where the logits are. */
  private static final int ON_THE_DEVICE = -1;

  @TempDir Path folder;

  /** A backend of the test's own. */
  abstract Backend open();

  @ParameterizedTest
  @CsvSource({"F16,F32", "Q8_0,F32", "Q4_0,F16", "Q4_0,INT8"})
  void givesTheCpusTokens(GgmlType type, KvType kv) throws Exception {
    Path path = ToyLlama.of(type).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend scalar = new ScalarBackend(1);
        Backend cuda = open()) {
      EngineConfig batched = config(kv, 3, 9, BLOCKS);
      Run expected = run(file, scalar, batched, ON_THE_HOST, Map.of());
      Run answers = run(file, cuda, batched, ON_THE_HOST, Map.of());
      assertThat(answers.ids()).isEqualTo(expected.ids());
      assertThat(answers.tokens().values()).allMatch(tokens -> tokens.size() == OUTPUT_TOKENS);
      assertThat(answers.stats().prefixHitTokens()).isPositive();

      // From here on the probabilities are the same, too, to the bit.
      Run alone = run(file, cuda, config(kv, 1, 40, BLOCKS), ON_THE_HOST, Map.of());
      assertThat(alone.tokens()).isEqualTo(answers.tokens());
      Run uncached = run(file, cuda, batched.withPrefixCache(false), ON_THE_HOST, Map.of());
      assertThat(uncached.tokens()).isEqualTo(answers.tokens());
      assertThat(uncached.stats().prefixHitTokens()).isZero();

      Run drawn = run(file, cuda, batched, ON_THE_DEVICE, Map.of());
      assertThat(drawn.ids()).isEqualTo(expected.ids());
      resumes(file, cuda, batched, ON_THE_HOST, answers);
      resumes(file, cuda, batched, ON_THE_DEVICE, drawn);
    }
  }

  private static void resumes(
      GgufFile file, Backend cuda, EngineConfig config, int logprobs, Run whole) throws Exception {
    Map<String, List<TokenOutput>> begun = new TreeMap<>();
    Map<String, List<TokenOutput>> rest = new TreeMap<>();
    whole.tokens().forEach((id, tokens) -> begun.put(id, tokens.subList(0, 2)));
    whole.tokens().forEach((id, tokens) -> rest.put(id, tokens.subList(2, OUTPUT_TOKENS)));
    assertThat(run(file, cuda, config, logprobs, begun).tokens()).isEqualTo(rest);
  }

  @ParameterizedTest
  @CsvSource({"Q8_0,F32,DRAFT_MODEL", "Q4_0,INT8,DRAFT_MODEL", "F16,F32,NGRAM"})
  void speculationChangesNoToken(GgmlType type, KvType kv, Speculation.Method method)
      throws Exception {
    Path path = ToyLlama.of(type).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend scalar = new ScalarBackend(1);
        Backend cuda = open()) {
      EngineConfig plain = config(kv, 3, 9, BLOCKS);
      EngineConfig drafting = plain.withSpeculation(Speculation.fixed(method, 2));
      Run expected = run(file, scalar, plain, ON_THE_DEVICE, Map.of());
      for (int logprobs : new int[] {ON_THE_HOST, ON_THE_DEVICE}) {
        Run speculated = run(file, cuda, drafting, logprobs, Map.of());
        assertThat(speculated.ids()).isEqualTo(expected.ids());
        if (method == Speculation.Method.DRAFT_MODEL) { // the same model: all drafts hold
          assertThat(speculated.tokens().values().stream().flatMap(List::stream))
              .anyMatch(TokenOutput::drafted);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource("Q8_0,INT8")
  void preemptionChangesNoToken(GgmlType type, KvType kv) throws Exception {
    Path path = ToyLlama.of(type).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend cuda = open()) {
      Run expected = run(file, cuda, config(kv, 3, 9, BLOCKS), ON_THE_DEVICE, Map.of());
      EngineConfig scarce = config(kv, 3, 9, 7).withPrefixCache(false);
      Run answers = run(file, cuda, scarce, ON_THE_DEVICE, Map.of());
      assertThat(answers.stats().preemptions()).isPositive();
      assertThat(answers.tokens()).isEqualTo(expected.tokens());
    }
  }

  private static EngineConfig config(KvType kv, int sequencesMax, int stepTokensMax, int blocks) {
    return EngineConfig.of(sequencesMax, stepTokensMax, 100, blocks, BLOCK_TOKENS, CONTEXT, 1)
        .withKvType(kv);
  }

  private record Run(Map<String, List<TokenOutput>> tokens, EngineStats stats) {
    Map<String, List<Integer>> ids() {
      Map<String, List<Integer>> ids = new TreeMap<>();
      tokens.forEach((id, of) -> ids.put(id, of.stream().map(TokenOutput::id).toList()));
      return ids;
    }
  }

  private static Transformer model(GgufFile file, Backend backend, EngineConfig config)
      throws Exception {
    return Transformer.load(
        file, backend, config.kvBlocks(), BLOCK_TOKENS, CONTEXT, config.kvType());
  }

  /** Four requests, two of which begin alike, greedy and drawn. */
  private static Run run(
      GgufFile file,
      Backend backend,
      EngineConfig config,
      int logprobs,
      Map<String, List<TokenOutput>> begun)
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
            : Proposers.withoutModel(config.speculation());
    Map<String, List<TokenOutput>> answers = new TreeMap<>();
    try (LocalEngine engine =
        new LocalEngine(target, tokenizer, config, () -> 0, () -> 0, proposer)) {
      for (int i = 0; i < REQUESTS; i++) {
        int[] prompt = {3, 1, 4, 1, 5, 9, 2, 6, 5 + i / 2, 3 + i};
        SamplingParams sampling =
            new SamplingParams(i % 2, 0, 1, 0, 1, i, OUTPUT_TOKENS, List.of(), logprobs, true);
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
      return new Run(answers, engine.stats());
    }
  }
}
