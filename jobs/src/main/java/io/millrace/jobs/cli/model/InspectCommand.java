package io.millrace.jobs.cli.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.model.ModelConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code inspect}: what a model file holds. */
@Command(name = "inspect", description = "Show a model file's metadata and tensors.")
public final class InspectCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "MODEL",
      description = "GGUF file (the first of split ones), or a Hugging Face folder.")
  private Path model;

  @Option(names = "--json", description = "As one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (ModelSource file = ModelFiles.source(model)) {
      if (json) {
        out.println(asJson(file));
      } else {
        print(file, out);
      }
    }
    out.flush();
    return 0;
  }

  private static void print(ModelSource file, PrintWriter out) {
    out.printf("%s: %s, %,d bytes%n", file.path(), file.format(), file.bytes());
    out.println();
    file.metadata()
        .values()
        .forEach((key, value) -> out.printf("  %-44s %s%n", key, value.describe()));
    out.println();
    for (TensorInfo tensor : file.tensors()) {
      out.printf("  %-32s %-6s [%s]%n", tensor.name(), tensor.type(), dimensions(tensor));
    }
    out.println();
    List<TypeTotal> totals = TypeTotal.of(file);
    totals.forEach(
        t ->
            out.printf(
                Locale.ROOT,
                "  %-8s %4d tensors %,16d parameters %,16d bytes %7.3f bits a weight%n",
                t.type(),
                t.tensors(),
                t.elements(),
                t.bytes(),
                t.bitsPerWeight()));
    TypeTotal all = TypeTotal.sum(totals);
    out.printf(
        Locale.ROOT,
        "%d tensors, %,d parameters (%s)%n",
        all.tensors(),
        all.elements(),
        totals.stream().map(t -> t.tensors() + " x " + t.type()).collect(Collectors.joining(", ")));
    if (all.elements() > 0) {
      out.printf(Locale.ROOT, "%.3f bits a weight%n", all.bitsPerWeight());
    }
    out.printf("memory: weights %,d bytes%s%n", all.bytes(), kvMemory(file));
  }

  /** What each token of context takes in the KV cache; nothing where that cannot be told. */
  private static String kvMemory(ModelSource file) {
    return kvBytesPerToken(file).stream()
        .mapToObj(bytes -> String.format(", KV cache %,d bytes a token in float32", bytes))
        .collect(Collectors.joining());
  }

  private static OptionalLong kvBytesPerToken(ModelSource file) {
    try {
      ModelConfig config = ModelConfig.of(file);
      return OptionalLong.of(2L * Float.BYTES * config.layers() * config.kvDim());
    } catch (GgufFormatException e) {
      return OptionalLong.empty(); // a vocabulary, or an architecture that can only be listed
    }
  }

  private static String asJson(ModelSource file) {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("file", file.path().toString());
    root.put("format", file.format());
    root.put("bytes", file.bytes());
    ObjectNode metadata = root.putObject("metadata");
    file.metadata().values().forEach((key, value) -> metadata.put(key, value.describe()));
    ArrayNode tensors = root.putArray("tensors");
    for (TensorInfo tensor : file.tensors()) {
      ObjectNode node = tensors.addObject();
      node.put("name", tensor.name());
      node.put("type", tensor.type().toString());
      ArrayNode shape = node.putArray("shape");
      tensor.dims().forEach(shape::add);
    }
    ArrayNode types = root.putArray("types");
    for (TypeTotal total : TypeTotal.of(file)) {
      ObjectNode node = types.addObject();
      node.put("type", total.type());
      node.put("tensors", total.tensors());
      node.put("parameters", total.elements());
      node.put("bytes", total.bytes());
      node.put("bits_per_weight", total.bitsPerWeight());
    }
    kvBytesPerToken(file).ifPresent(bytes -> root.put("kv_bytes_per_token_f32", bytes));
    return root.toPrettyString();
  }

  private static String dimensions(TensorInfo tensor) {
    return tensor.dims().stream().map(Object::toString).collect(Collectors.joining(" x "));
  }
}
