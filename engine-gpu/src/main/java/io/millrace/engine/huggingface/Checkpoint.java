package io.millrace.engine.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.safetensors.SafetensorsFile;
import io.millrace.engine.safetensors.SafetensorsTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A folder's weights under their own names: {@code model.safetensors}, or the files that {@code
 * model.safetensors.index.json} lists. Thread-safe.
 */
final class Checkpoint implements AutoCloseable {
  static final String INDEX = "model.safetensors.index.json";
  private static final String SINGLE = "model.safetensors";
  private static final long INDEX_BYTES_MAX = 64 << 20;
  private static final int FILES_MAX = 9_999;

  /** A tensor and the file that holds it. */
  record Stored(SafetensorsTensor tensor, SafetensorsFile file) {

    void read(long byteOffset, byte[] dst, int dstOffset, int length) throws IOException {
      file.read(tensor, byteOffset, dst, dstOffset, length);
    }

    /** All of the tensor's data. */
    byte[] readAll() throws IOException {
      if (tensor.bytes() > Integer.MAX_VALUE - 8) {
        throw error("is larger than 2 GiB, too large to be converted");
      }
      byte[] all = new byte[(int) tensor.bytes()];
      file.read(tensor, 0, all, 0, all.length);
      return all;
    }

    /** The size of a dimension, the slowest-varying first; 1 beyond the shape. */
    long dim(int i) {
      return i < tensor.shape().size() ? tensor.shape().get(i) : 1;
    }

    GgufFormatException error(String problem) {
      return new GgufFormatException(
          file.path() + ": tensor " + GgufFormatException.quote(tensor.name()) + " " + problem);
    }
  }

  private final List<SafetensorsFile> files = new ArrayList<>();
  private final Map<String, Stored> tensors = new LinkedHashMap<>();

  private Checkpoint() {}

  /**
   * Opens all files.
   *
   * @throws GgufFormatException if there are none, one is missing or broken, or they are not what
   *     the index says
   */
  static Checkpoint open(Path folder) throws IOException {
    Checkpoint checkpoint = new Checkpoint();
    try {
      Path index = folder.resolve(INDEX);
      if (Files.exists(index)) {
        checkpoint.openIndexed(folder, index);
      } else {
        Path single = folder.resolve(SINGLE);
        if (!Files.exists(single)) {
          throw new GgufFormatException(
              folder + ": there is neither " + SINGLE + " nor " + INDEX + " in this folder");
        }
        checkpoint.add(SafetensorsFile.open(single));
      }
      return checkpoint;
    } catch (IOException | RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  private void openIndexed(Path folder, Path index) throws IOException {
    JsonNode weightMap = BoundedJson.object(index, INDEX_BYTES_MAX).path("weight_map");
    Map<String, String> fileOf = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : weightMap.properties()) {
      String name = entry.getValue().asText();
      // The folder is all that may be read: no paths.
      if (!name.matches("[A-Za-z0-9_][A-Za-z0-9._-]*\\.safetensors")) {
        throw new GgufFormatException(
            index + ": " + GgufFormatException.quote(name) + " is not a safetensors file's name");
      }
      fileOf.put(entry.getKey(), name);
    }
    Set<String> names = new TreeSet<>(fileOf.values());
    if (names.isEmpty() || names.size() > FILES_MAX) {
      throw new GgufFormatException(index + ": weight_map names " + names.size() + " files");
    }
    for (String name : names) {
      try {
        add(SafetensorsFile.open(folder.resolve(name)));
      } catch (NoSuchFileException e) {
        GgufFormatException missing =
            new GgufFormatException(folder.resolve(name) + ": missing, but " + INDEX + " names it");
        missing.initCause(e);
        throw missing;
      }
    }
    for (Map.Entry<String, String> entry : fileOf.entrySet()) {
      Stored stored = tensors.get(entry.getKey());
      if (stored == null || !stored.file().path().endsWith(entry.getValue())) {
        throw new GgufFormatException(
            folder.resolve(entry.getValue())
                + ": has no tensor "
                + GgufFormatException.quote(entry.getKey())
                + ", but "
                + INDEX
                + " says so");
      }
    }
  }

  private void add(SafetensorsFile file) throws GgufFormatException {
    files.add(file);
    for (SafetensorsTensor tensor : file.tensors()) {
      Stored stored = new Stored(tensor, file);
      if (tensors.put(tensor.name(), stored) != null) {
        throw stored.error("is in another file too");
      }
    }
  }

  /** Names of all tensors, in the files' order. */
  Set<String> names() {
    return tensors.keySet();
  }

  Optional<Stored> tensor(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** Files. */
  int size() {
    return files.size();
  }

  /** Size of all files together. */
  long bytes() {
    return files.stream().mapToLong(SafetensorsFile::bytes).sum();
  }

  void digest(MessageDigest digest) throws IOException {
    for (SafetensorsFile file : files) {
      digest.update((file.bytes() + "\n").getBytes(StandardCharsets.US_ASCII));
      file.digest(digest);
    }
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (SafetensorsFile file : files) {
      try {
        file.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
