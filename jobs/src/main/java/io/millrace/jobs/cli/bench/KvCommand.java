package io.millrace.jobs.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.ModelFile;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.model.Transformer;
import io.millrace.engine.model.Weights;
import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench kv}: what an int8 KV cache costs and saves. */
@Command(
    name = "kv",
    description = {
      "Compare a KV cache of int8 with one of float32: the logits at every position of a text, the"
          + " memory, and the time of a step at the text's end.",
      "One thread, in its CPU time; the two take turns, and the median of the pairs counts."
    })
public final class KvCommand implements Callable<Integer> {
  private static final int BLOCK_TOKENS = 16;
  private static final int PAIRS_MAX = 1000;
  private static final int STEPS = 8;

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "GGUF file (the first of split ones), or a Hugging Face folder.")
  private Path model;

  @Option(
      names = "--file",
      paramLabel = "TEXT",
      description = "Text, UTF-8, whose beginning is taken. Default: random tokens")
  private Path text;

  @Option(
      names = "--context",
      defaultValue = "512",
      paramLabel = "N",
      description = "Tokens of the text. Default: ${DEFAULT-VALUE}")
  private int context;

  @Option(
      names = "--pairs",
      defaultValue = "15",
      paramLabel = "N",
      description = "Pairs of timings. Default: ${DEFAULT-VALUE}")
  private int pairs;

  @Option(
      names = "--backend",
      defaultValue = "auto",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}")
  private BackendKind backend;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there, too.")
  private Path json;

  @Override
  public Integer call() {
    if (pairs < 1 || pairs > PAIRS_MAX) {
      throw CommandFailure.wrongUse("--pairs is " + pairs + ", must be 1 to " + PAIRS_MAX);
    }
    try (ModelFile file = ModelFile.open(model)) {
      int contextMax = file.config().contextLength();
      if (context < 2 || context > contextMax) {
        throw CommandFailure.wrongUse(
            "--context is " + context + ", must be 2 to " + contextMax + ", the model's");
      }
      compare(file, tokens(file));
    } catch (NoSuchFileException e) {
      throw CommandFailure.failed("no such file: " + e.getFile(), e);
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    }
    return 0;
  }

  private int[] tokens(ModelFile file) throws IOException {
    if (text == null) {
      return new Random(1).ints(context, 0, file.tokenizer().vocabSize()).toArray();
    }
    int[] tokens = file.tokenizer().encode(Files.readString(text), false);
    if (tokens.length < context) {
      throw CommandFailure.failed(
          text + " has " + tokens.length + " tokens, fewer than --context " + context);
    }
    return Arrays.copyOf(tokens, context);
  }

  private void compare(ModelFile file, int[] tokens) throws IOException {
    int blocks = (context + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    try (Backend device = backend.open(1);
        Weights weights = Weights.load(file.source(), device);
        Transformer floats =
            new Transformer(weights, device, blocks, BLOCK_TOKENS, context, KvType.F32);
        Transformer rounded =
            new Transformer(weights, device, blocks, BLOCK_TOKENS, context, KvType.INT8)) {
      KvComparison comparison =
          new KvComparison(floats, rounded, tokens, threads::getCurrentThreadCpuTime);
      KvComparison.Loss loss = comparison.loss();
      double speed = comparison.speedRatio(pairs, STEPS);
      print(loss, floats.kvBytes(), rounded.kvBytes(), speed);
      if (json != null) {
        write(loss, floats.kvBytes(), rounded.kvBytes(), speed);
      }
    }
  }

  private void print(KvComparison.Loss loss, long floatBytes, long int8Bytes, double speed) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        Locale.ROOT,
        "mean |logit difference| %.4g, %.3f %% of the logits' standard deviation %.4g; largest"
            + " %.4g%nsame most likely token at %.2f %% of %d positions%n",
        loss.meanDifference(),
        100 * loss.relative(),
        loss.standardDeviation(),
        loss.worstLogit(),
        100 * loss.sameTopShare(),
        context);
    out.printf(
        Locale.ROOT,
        "memory %.1f MB of %.1f MB, %.3f%na step at position %d: %.3fx as fast%n",
        int8Bytes / 1e6,
        floatBytes / 1e6,
        (double) int8Bytes / floatBytes,
        context,
        speed);
    out.flush();
  }

  private void write(KvComparison.Loss loss, long floatBytes, long int8Bytes, double speed) {
    ObjectMapper mapper = new ObjectMapper();
    ResultFile.write(
        json,
        mapper
            .createObjectNode()
            .put("model", String.valueOf(model.getFileName()))
            .put("context", context)
            .put("mean_logit_difference", loss.meanDifference())
            .put("relative_logit_difference", loss.relative())
            .put("same_top_share", loss.sameTopShare())
            .put("f32_bytes", floatBytes)
            .put("int8_bytes", int8Bytes)
            .put("speed_ratio", speed));
  }
}
