package io.millrace.engine.gguf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model in several GGUF files, {@code NAME-00001-of-0000N.gguf} and on, as llama.cpp's {@code
 * gguf-split} writes them: the first part holds all metadata, and every part says which it is, of
 * how many, and how many tensors there are in all. Thread-safe.
 */
public final class SplitGgufFile implements ModelSource {
  private static final String NUMBER_KEY = "split.no";
  private static final String COUNT_KEY = "split.count";
  private static final String TENSORS_KEY = "split.tensors.count";
  private static final int PARTS_MAX = 9_999;
  private static final Pattern NAME = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");

  private final List<GgufFile> parts;
  private final List<TensorInfo> tensors = new ArrayList<>();
  private final Map<String, TensorInfo> byName = new HashMap<>();
  private final Map<String, GgufFile> partByName = new HashMap<>();
  private String sha256;

  private SplitGgufFile(List<GgufFile> parts) throws GgufFormatException {
    this.parts = List.copyOf(parts);
    for (GgufFile part : parts) {
      for (TensorInfo tensor : part.tensors()) {
        if (partByName.put(tensor.name(), part) != null) {
          throw error(
              part,
              "the tensor "
                  + GgufFormatException.quote(tensor.name())
                  + " is in an earlier part too");
        }
        byName.put(tensor.name(), tensor);
        tensors.add(tensor);
      }
    }
    for (GgufFile part : parts) {
      int wanted = part.metadata().requireInt(TENSORS_KEY, 0, TensorInfoReader.TENSORS_MAX);
      if (tensors.size() != wanted) {
        throw error(
            part,
            "the parts hold %d tensors together, but %s is %d"
                .formatted(tensors.size(), TENSORS_KEY, wanted));
      }
    }
  }

  /** Whether a file says that it is one of several parts. */
  public static boolean isPart(GgufFile file) throws GgufFormatException {
    return file.metadata().contains(COUNT_KEY)
        && file.metadata().requireInt(COUNT_KEY, 0, 0xFFFF) > 1;
  }

  /**
   * Opens the parts that follow the first. They are closed together with the first; if this fails,
   * the first stays open.
   *
   * @param first a file that {@link #isPart is a part}
   * @throws GgufFormatException if it is not the first part, or a part is missing or belongs to
   *     another model
   */
  public static SplitGgufFile of(GgufFile first) throws IOException {
    int count = first.metadata().requireInt(COUNT_KEY, 1, PARTS_MAX);
    int number = first.metadata().requireInt(NUMBER_KEY, 0, 0xFFFF);
    if (number != 0) {
      throw error(first, "this is part %d of %d; give the first".formatted(number + 1, count));
    }
    Path path = first.path();
    Matcher name = NAME.matcher(String.valueOf(path.getFileName()));
    if (!name.matches()
        || Integer.parseInt(name.group(2)) != 1
        || Integer.parseInt(name.group(3)) != count) {
      throw error(
          first,
          "the first of %d parts must be called NAME-00001-of-%05d.gguf".formatted(count, count));
    }
    List<GgufFile> parts = new ArrayList<>(List.of(first));
    try {
      for (int i = 1; i < count; i++) {
        String other =
            String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", name.group(1), i + 1, count);
        GgufFile part = openPart(first, path.resolveSibling(other), i, count);
        parts.add(part);
        check(part, i, count);
      }
      return new SplitGgufFile(parts);
    } catch (IOException | RuntimeException | Error e) {
      closeAll(parts.subList(1, parts.size()));
      throw e;
    }
  }

  private static GgufFile openPart(GgufFile first, Path path, int number, int count)
      throws IOException {
    try {
      return GgufFile.open(path);
    } catch (NoSuchFileException e) {
      GgufFormatException missing =
          error(first, "part %d of %d is missing: %s".formatted(number + 1, count, path));
      missing.initCause(e);
      throw missing;
    }
  }

  private static void check(GgufFile part, int number, int count) throws GgufFormatException {
    int itsNumber = part.metadata().requireInt(NUMBER_KEY, 0, 0xFFFF);
    int itsCount = part.metadata().requireInt(COUNT_KEY, 0, 0xFFFF);
    if (itsNumber != number || itsCount != count) {
      throw error(
          part,
          "it says that it is part %d of %d, its name says %d of %d"
              .formatted(itsNumber + 1, itsCount, number + 1, count));
    }
  }

  private static GgufFormatException error(GgufFile part, String problem) {
    return new GgufFormatException(part.path() + ": " + problem);
  }

  /** The first part. */
  @Override
  public Path path() {
    return parts.get(0).path();
  }

  @Override
  public String format() {
    return parts.get(0).format() + " in " + parts.size() + " parts";
  }

  @Override
  public long bytes() {
    return parts.stream().mapToLong(GgufFile::bytes).sum();
  }

  @Override
  public GgufMetadata metadata() {
    return parts.get(0).metadata();
  }

  @Override
  public List<TensorInfo> tensors() {
    return List.copyOf(tensors);
  }

  @Override
  public Optional<TensorInfo> tensor(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  @Override
  public void read(TensorInfo tensor, long byteOffset, byte[] dst, int dstOffset, int length)
      throws IOException {
    partByName.get(tensor.name()).read(tensor, byteOffset, dst, dstOffset, length);
  }

  @Override
  public synchronized String sha256() throws IOException {
    if (sha256 == null) {
      sha256 =
          ModelBytes.sha256(
              digest -> {
                for (GgufFile part : parts) {
                  digest.update(part.sha256().getBytes(StandardCharsets.US_ASCII));
                }
              });
    }
    return sha256;
  }

  @Override
  public void close() throws IOException {
    closeAll(parts);
  }

  private static void closeAll(List<GgufFile> parts) throws IOException {
    IOException failure = null;
    for (GgufFile part : parts) {
      try {
        part.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
