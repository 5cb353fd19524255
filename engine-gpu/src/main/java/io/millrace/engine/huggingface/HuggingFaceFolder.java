package io.millrace.engine.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufMetadata;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.ModelBytes;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A model's folder as Hugging Face publishes it, read as if it were a GGUF file. Opening reads the
 * JSON files and the headers of the safetensors files. Thread-safe.
 */
public final class HuggingFaceFolder implements ModelSource {
  private static final String CONFIG = "config.json";
  private static final long CONFIG_BYTES_MAX = 4 << 20;

  /** Everything but the weights that says what a model answers. */
  private static final List<String> SMALL_FILES =
      List.of(
          CONFIG,
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "chat_template.jinja",
          "chat_template.json");

  private final Path folder;
  private final Checkpoint checkpoint;
  private final GgufMetadata metadata;
  private final FolderTensors tensors;
  private String sha256;

  private HuggingFaceFolder(
      Path folder, Checkpoint checkpoint, GgufMetadata metadata, FolderTensors tensors) {
    this.folder = folder;
    this.checkpoint = checkpoint;
    this.metadata = metadata;
    this.tensors = tensors;
  }

  /**
   * Opens a folder.
   *
   * @throws GgufFormatException if a file is missing or broken, or the model is not supported: one
   *     line that names the file
   * @throws IOException if a file cannot be read
   */
  public static HuggingFaceFolder open(Path folder) throws IOException {
    Path configFile = folder.resolve(CONFIG);
    if (!Files.exists(configFile)) {
      throw new GgufFormatException(
          folder + ": a folder without " + CONFIG + ", so not a model's; give its GGUF file");
    }
    JsonFields root =
        new JsonFields(configFile.toString(), BoundedJson.object(configFile, CONFIG_BYTES_MAX));
    Family family = Family.of(root);
    JsonFields config = languageModel(root);
    Quantization quantization = Quantization.of(family, config);
    RopeConfig rope = RopeConfig.of(family, config);
    Map<String, GgufValue> values = new LinkedHashMap<>(ConfigMetadata.of(family, config, rope));
    Checkpoint checkpoint = Checkpoint.open(folder);
    try {
      FolderTensors tensors = FolderTensors.of(family, config, checkpoint, quantization, rope);
      Optional<TensorInfo> embeddings = tensors.info("token_embd.weight");
      int vocabSize =
          (int) Math.min(Integer.MAX_VALUE, embeddings.map(TensorInfo::rows).orElse(0L));
      if (config.has("vocab_size")) {
        int said = config.requireInteger("vocab_size", 1, Integer.MAX_VALUE);
        config.require(
            said == vocabSize,
            "vocab_size is " + said + ", but the embeddings have " + vocabSize + " rows");
      }
      values.putAll(FolderTokenizer.metadata(folder, config, vocabSize));
      GgufMetadata metadata = new GgufMetadata(folder.toString(), values);
      return new HuggingFaceFolder(folder, checkpoint, metadata, tensors);
    } catch (IOException | RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  /** The part of a configuration that is about text; multimodal models nest it. */
  private static JsonFields languageModel(JsonFields root) throws GgufFormatException {
    Optional<JsonFields> nested = root.object("text_config");
    if (nested.isEmpty()) {
      return root;
    }
    ObjectNode merged = root.node().deepCopy();
    JsonNode text = merged.remove("text_config");
    merged.setAll((ObjectNode) text);
    return new JsonFields(root.file(), merged);
  }

  @Override
  public Path path() {
    return folder;
  }

  @Override
  public String format() {
    return "Hugging Face folder, %d safetensors file%s"
        .formatted(checkpoint.size(), checkpoint.size() == 1 ? "" : "s");
  }

  @Override
  public long bytes() {
    return checkpoint.bytes();
  }

  @Override
  public GgufMetadata metadata() {
    return metadata;
  }

  @Override
  public List<TensorInfo> tensors() {
    return tensors.infos();
  }

  @Override
  public Optional<TensorInfo> tensor(String name) {
    return tensors.info(name);
  }

  @Override
  public Optional<int[]> inputOrder(TensorInfo tensor) {
    return tensors.inputOrder(tensor.name());
  }

  @Override
  public void read(TensorInfo tensor, long byteOffset, byte[] dst, int dstOffset, int length)
      throws IOException {
    Objects.checkFromIndexSize(byteOffset, length, tensor.bytes());
    Objects.checkFromIndexSize(dstOffset, length, dst.length);
    tensors.reader(tensor).read(byteOffset, dst, dstOffset, length);
  }

  @Override
  public synchronized String sha256() throws IOException {
    if (sha256 == null) {
      sha256 =
          ModelBytes.sha256(
              digest -> {
                for (String name : SMALL_FILES) {
                  Path file = folder.resolve(name);
                  byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
                  digest.update(
                      (name + " " + bytes.length + "\n").getBytes(StandardCharsets.UTF_8));
                  digest.update(bytes);
                }
                checkpoint.digest(digest);
              });
    }
    return sha256;
  }

  @Override
  public void close() throws IOException {
    tensors.forgetConverted();
    checkpoint.close();
  }
}
