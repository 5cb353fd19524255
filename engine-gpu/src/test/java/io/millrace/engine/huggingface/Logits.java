package io.millrace.engine.huggingface;

import io.millrace.engine.ModelSources;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.Transformer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Runs a model over a few tokens. */
final class Logits {
  private Logits() {}

  /** Of all positions, {@code [tokens][vocab]}. */
  static float[] of(Path path, BackendKind kind, int[] tokens) throws IOException {
    try (ModelSource source = ModelSources.open(path)) {
      return of(source, kind, tokens);
    }
  }

  static float[] of(ModelSource source, BackendKind kind, int[] tokens) throws IOException {
    int[] rows = IntStream.range(0, tokens.length).toArray();
    int[][] table = {IntStream.range(0, (tokens.length + 3) / 4).toArray()};
    int[] starts = {0, tokens.length};
    try (Backend backend = kind.open(1);
        Transformer model = Transformer.load(source, backend, table[0].length, 4, 256)) {
      float[] logits = model.forward(new ForwardBatch(tokens, rows, rows, starts, table, rows));
      return Arrays.copyOf(logits, tokens.length * model.vocabSize());
    }
  }
}
