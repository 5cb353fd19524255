package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate --logits} and {@code --force-tokens}: what other runtimes are compared by. */
class GenerateLogitsTest {
  private static final int VOCAB = 300;

  @TempDir Path directory;
  private Path model;

  @BeforeEach
  void makeAModel() {
    model = directory.resolve("model.gguf");
    CommandRun made =
        run(
            "make-model --arch qwen3 --dim 64 --layers 2 --heads 4 --kv-heads 2 --ffn 96 --type"
                + " Q8_0 --context 64 --vocab "
                + VOCAB,
            model);
    assertThat(made.exitCode()).as("%s", made.err()).isZero();
  }

  @Test
  void writesEveryStepsLogitsAndPrintsTheMostLikely() throws IOException {
    Path logits = directory.resolve("logits");
    CommandRun run = generate("--steps 8 --greedy --print-tokens --logits", logits);
    assertThat(run.exitCode()).as("%s", run.err()).isZero();
    assertThat(run.out()).hasSize(1);
    assertThat(ids(run)).hasSize(8).isEqualTo(mostLikely(logits));
    assertThat(ids(generate("--steps 8 --ignore-eos --print-tokens"))).isEqualTo(ids(run));
  }

  @Test
  void theLogitsAreTheSameToTheBitInAnyChunksOnAnyThreads() throws IOException {
    Path whole = directory.resolve("whole");
    Path chunks = directory.resolve("chunks");
    generate("--steps 6 --threads 1 --logits", whole);
    generate("--steps 6 --threads 3 --chunk 2 --context 32 --logits", chunks);
    assertThat(Files.mismatch(whole, chunks)).isEqualTo(-1);
  }

  @Test
  void goesOnWithTheTokensOfAFile() throws IOException {
    Path own = directory.resolve("own");
    List<Integer> greedy = ids(generate("--steps 6 --print-tokens --logits", own));
    Path same = forced(greedy);
    Path logits = directory.resolve("logits");
    String options = "--steps 6 --print-tokens --logits " + logits + " --force-tokens";
    assertThat(ids(generate(options, same))).isEqualTo(greedy);
    assertThat(Files.mismatch(own, logits)).isEqualTo(-1);

    // another second token: the first two steps stay, what follows does not
    List<Integer> others = new ArrayList<>(greedy);
    others.set(1, (greedy.get(1) + 1) % VOCAB);
    assertThat(ids(generate(options, forced(others))).subList(0, 2))
        .isEqualTo(greedy.subList(0, 2));
    assertThat(Files.mismatch(own, logits)).isBetween(2L * 4 * VOCAB, 3L * 4 * VOCAB);
  }

  @Test
  void whatIsWrongIsOneLine() throws IOException {
    Path logits = directory.resolve("logits");
    assertThat(generate("--steps 3 --temperature 1 --logits", logits))
        .isEqualTo(wrong(2, "--logits and --force-tokens need --temperature 0"));
    Path ids = directory.resolve("ids");
    Files.writeString(ids, "1, 2\n");
    assertThat(generate("--steps 3 --force-tokens", ids))
        .isEqualTo(wrong(1, ids + " holds 2 token ids, --steps asks for 3"));
    Files.writeString(ids, "1 2 300");
    assertThat(generate("--steps 3 --force-tokens", ids))
        .isEqualTo(wrong(1, ids + ": token id 300 is not in 0 to 299"));
    Files.writeString(ids, "1 two 3");
    assertThat(generate("--steps 3 --force-tokens", ids))
        .isEqualTo(wrong(1, ids + ": token 2 is no number; it holds token ids alone"));
    assertThat(generate("--steps 80 --logits", logits))
        .isEqualTo(wrong(1, "3 tokens of prompt and 80 steps do not fit the context of 64"));
  }

  private CommandRun generate(String options, Object... last) {
    return run("generate --tokens 5,6,7 --model " + model + " " + options, last);
  }

  private static CommandRun run(String options, Object... last) {
    List<Object> args = new ArrayList<>(List.of(options.split(" ")));
    args.addAll(Arrays.asList(last));
    return CommandRun.of(new FakeModels(null), args.toArray());
  }

  private static CommandRun wrong(int exitCode, String line) {
    return new CommandRun(exitCode, List.of(), List.of("millrace: " + line));
  }

  private Path forced(List<Integer> ids) throws IOException {
    String text = ids.stream().map(Object::toString).collect(Collectors.joining("\n"));
    return Files.writeString(directory.resolve("forced"), text);
  }

  private static List<Integer> ids(CommandRun run) {
    assertThat(run.exitCode()).as("%s", run.err()).isZero();
    return Arrays.stream(run.out().get(0).split(" ")).map(Integer::valueOf).toList();
  }

  private static List<Integer> mostLikely(Path file) throws IOException {
    FloatBuffer logits =
        ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    List<Integer> ids = new ArrayList<>();
    for (int row = 0; row < logits.limit() / VOCAB; row++) {
      int best = 0;
      for (int id = 1; id < VOCAB; id++) {
        best = logits.get(row * VOCAB + id) > logits.get(row * VOCAB + best) ? id : best;
      }
      ids.add(best);
    }
    return ids;
  }
}
