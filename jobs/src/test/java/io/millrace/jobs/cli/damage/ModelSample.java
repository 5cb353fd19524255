package io.millrace.jobs.cli.damage;

import io.millrace.engine.ModelSources;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.GgufWriter;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A model as bytes, whole.
 *
 * @param name for messages
 * @param files by name
 * @param opened the name of the file to open; empty for the folder
 */
public record ModelSample(String name, Map<String, byte[]> files, String opened) {
  private static final Path SHIPPED =
      Path.of(System.getProperty("millrace.home"), "engine-gpu/models/tickets-draft-q8_0.gguf");

  /** The smallest model that is shipped, in one file. */
  public static ModelSample shipped() throws IOException {
    return new ModelSample(
        "shipped", Map.of("model.gguf", Files.readAllBytes(SHIPPED)), "model.gguf");
  }

  /** The same in two files, and with an alignment of its own. */
  public static ModelSample split() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (ModelSource source = ModelSources.open(SHIPPED)) {
      List<TensorInfo> tensors = source.tensors();
      for (int part = 0; part < 2; part++) {
        GgufWriter writer = new GgufWriter();
        if (part == 0) {
          writer.putAll(source.metadata());
        }
        writer.put("split.no", GgufValue.ofUint32(part));
        writer.put("split.count", GgufValue.ofUint32(2));
        writer.put("split.tensors.count", GgufValue.ofUint32(tensors.size()));
        writer.put("general.alignment", GgufValue.ofUint32(64));
        for (TensorInfo tensor : tensors.subList(part * 15, part == 0 ? 15 : tensors.size())) {
          byte[] data = new byte[(int) tensor.bytes()];
          source.read(tensor, 0, data, 0, data.length);
          long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
          writer.tensor(tensor.name(), tensor.type(), dims, out -> out.write(data));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.write(out);
        files.put("model-0000%d-of-00002.gguf".formatted(part + 1), out.toByteArray());
      }
    }
    return new ModelSample("split", files, "model-00001-of-00002.gguf");
  }

  /**
   * Writes all files, over what is there.
   *
   * @return what to open
   */
  public Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(folder.resolve(file.getKey()), file.getValue());
    }
    return opened.isEmpty() ? folder : folder.resolve(opened);
  }
}
