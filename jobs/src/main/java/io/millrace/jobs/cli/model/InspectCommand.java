package io.millrace.jobs.cli.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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
    long elements = file.tensors().stream().mapToLong(TensorInfo::elements).sum();
    out.printf("%d tensors, %,d parameters (%s)%n", file.tensors().size(), elements, types(file));
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
    return root.toPrettyString();
  }

  private static String dimensions(TensorInfo tensor) {
    return tensor.dims().stream().map(Object::toString).collect(Collectors.joining(" x "));
  }

  private static String types(ModelSource file) {
    Map<String, Long> count =
        file.tensors().stream()
            .collect(
                Collectors.groupingBy(
                    t -> t.type().toString(), TreeMap::new, Collectors.counting()));
    return count.entrySet().stream()
        .map(e -> String.format(Locale.ROOT, "%d x %s", e.getValue(), e.getKey()))
        .collect(Collectors.joining(", "));
  }
}
