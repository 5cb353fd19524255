package io.millrace.engine.gguf;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a GGUF file, version 3: metadata and tensors in the order in which they were added. Tensor
 * data are asked for one after another while writing, so that a file can be larger than memory.
 */
public final class GgufWriter {
  private static final int VERSION = 3;

  private final Map<String, GgufValue> values = new LinkedHashMap<>();
  private final List<Tensor> tensors = new ArrayList<>();

  /** Writes a tensor's data: exactly as many bytes as its type and dimensions say. */
  @FunctionalInterface
  public interface TensorData {
    void writeTo(OutputStream out) throws IOException;
  }

  private record Tensor(String name, GgmlType type, long[] dims, long bytes, TensorData data) {}

  /** Sets a metadata value; a later one under the same key replaces it. */
  public GgufWriter put(String key, GgufValue value) {
    values.put(key, value);
    return this;
  }

  /** Sets all the values of another file's metadata. */
  public GgufWriter putAll(GgufMetadata metadata) {
    values.putAll(metadata.values());
    return this;
  }

  /**
   * Adds a tensor.
   *
   * @param dims 1 to 4 dimensions, the fastest-varying first
   */
  public GgufWriter tensor(String name, GgmlType type, long[] dims, TensorData data) {
    if (dims.length < 1 || dims.length > TensorInfoReader.DIMS_MAX) {
      throw new IllegalArgumentException(name + " has " + dims.length + " dimensions, not 1 to 4");
    }
    long bytes = type.bytes(dims[0]);
    for (int i = 1; i < dims.length; i++) {
      bytes = Math.multiplyExact(bytes, dims[i]);
    }
    if (bytes < 1) {
      throw new IllegalArgumentException(name + " is empty");
    }
    tensors.add(new Tensor(name, type, dims.clone(), bytes, data));
    return this;
  }

  /** Writes the file, replacing one that is there. */
  public void write(Path path) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16)) {
      write(out);
    }
  }

  /**
   * Writes the file beside its place, and gives it its name, over one that was there, when it is
   * whole and on disk: nobody sees half a file.
   *
   * @throws IOException if it cannot be written, or will not fit on the disk
   */
  public void writeWhole(Path path) throws IOException {
    requireSpace(path.toAbsolutePath().getParent());
    Path unfinished = path.resolveSibling(path.getFileName() + ".part");
    try {
      try (FileChannel channel =
              FileChannel.open(
                  unfinished,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.TRUNCATE_EXISTING,
                  StandardOpenOption.WRITE);
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
        write(out);
        out.flush();
        channel.force(true);
      }
      Files.move(
          unfinished, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  /**
   * Writes to a stream and leaves it open.
   *
   * @throws IllegalStateException if a tensor's data are shorter or longer than they should be
   */
  public void write(OutputStream stream) throws IOException {
    Output out = new Output(stream);
    int alignment = alignment();
    out.int32(GgufHeaderReader.MAGIC);
    out.int32(VERSION);
    out.int64(tensors.size());
    out.int64(values.size());
    for (Map.Entry<String, GgufValue> entry : values.entrySet()) {
      out.string(entry.getKey());
      out.int32(entry.getValue().type().id());
      out.value(entry.getValue());
    }
    long offset = 0;
    for (Tensor tensor : tensors) {
      out.string(tensor.name);
      out.int32(tensor.dims.length);
      for (long dim : tensor.dims) {
        out.int64(dim);
      }
      out.int32(tensor.type.id());
      out.int64(offset);
      offset = Math.addExact(offset, tensor.bytes + padding(tensor.bytes, alignment));
    }
    out.zeros(padding(out.written(), alignment));
    for (Tensor tensor : tensors) {
      long before = out.written();
      tensor.data.writeTo(out);
      if (out.written() - before != tensor.bytes) {
        throw new IllegalStateException(
            tensor.name + " wrote " + (out.written() - before) + " bytes, not " + tensor.bytes);
      }
      out.zeros(padding(tensor.bytes, alignment));
    }
    out.flush();
  }

  /** Better to say so now than after an hour of quantising. */
  private void requireSpace(Path folder) throws IOException {
    long needed = 0;
    for (Tensor tensor : tensors) {
      needed = Math.addExact(needed, tensor.bytes);
    }
    long free = Files.getFileStore(folder).getUsableSpace();
    if (needed > free) {
      throw new IOException(needed + " bytes do not fit on the disk, where " + free + " are free");
    }
  }

  private int alignment() {
    GgufValue value = values.get(GgufHeaderReader.ALIGNMENT_KEY);
    return value == null
        ? GgufHeaderReader.ALIGNMENT_DEFAULT
        : Math.toIntExact((Long) value.value());
  }

  private static int padding(long bytes, int alignment) {
    return (int) ((alignment - bytes % alignment) % alignment);
  }

  /** Counts, and writes little-endian. */
  private static final class Output extends OutputStream {
    private final DataOutputStream out;
    private long written;

    Output(OutputStream out) {
      this.out = new DataOutputStream(out);
    }

    long written() {
      return written;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      written++;
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
      out.write(b, off, len);
      written += len;
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    void zeros(int count) throws IOException {
      write(new byte[count]);
    }

    void int32(int value) throws IOException {
      out.writeInt(Integer.reverseBytes(value));
      written += 4;
    }

    void int64(long value) throws IOException {
      out.writeLong(Long.reverseBytes(value));
      written += 8;
    }

    void string(String text) throws IOException {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      int64(utf8.length);
      write(utf8);
    }

    /** A value without its type; an array with its element type. */
    void value(GgufValue value) throws IOException {
      if (value.type() == GgufValueType.ARRAY) {
        int32(value.elementType().id());
        array(value.elementType(), value.value());
      } else {
        scalar(value.type(), value.value());
      }
    }

    private void array(GgufValueType type, Object array) throws IOException {
      int count = java.lang.reflect.Array.getLength(array);
      int64(count);
      for (int i = 0; i < count; i++) {
        scalar(type, java.lang.reflect.Array.get(array, i));
      }
    }

    private void scalar(GgufValueType type, Object value) throws IOException {
      switch (type) {
        case STRING -> string((String) value);
        case BOOL -> write((Boolean) value ? 1 : 0);
        case FLOAT32 -> int32(Float.floatToIntBits(((Double) value).floatValue()));
        case FLOAT64 -> int64(Double.doubleToLongBits((Double) value));
        case UINT8, INT8 -> write(((Long) value).byteValue());
        case UINT16, INT16 -> {
          long bits = (Long) value;
          write((int) bits & 0xFF);
          write((int) (bits >> 8) & 0xFF);
        }
        case UINT32, INT32 -> int32(((Long) value).intValue());
        case UINT64, INT64 -> int64((Long) value);
        case ARRAY -> value((GgufValue) value);
      }
    }
  }
}
