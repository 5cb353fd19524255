package io.millrace.engine.safetensors;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes safetensors files, for tests. */
public final class SafetensorsWriter {

  /** A tensor: its type's name in files, its shape, the slowest-varying dimension first. */
  public record Tensor(String dtype, long[] shape, byte[] data) {}

  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  public SafetensorsWriter put(String name, String dtype, byte[] data, long... shape) {
    tensors.put(name, new Tensor(dtype, shape, data));
    return this;
  }

  public SafetensorsWriter floats(String name, float[] values, long... shape) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return put(name, "F32", bytes.array(), shape);
  }

  public SafetensorsWriter ints(String name, int[] values, long... shape) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    return put(name, "I32", bytes.array(), shape);
  }

  public SafetensorsWriter remove(String name) {
    tensors.remove(name);
    return this;
  }

  public Map<String, Tensor> tensors() {
    return tensors;
  }

  public String header() {
    StringBuilder json = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    long at = 0;
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      Tensor tensor = entry.getValue();
      String shape =
          Arrays.stream(tensor.shape).mapToObj(Long::toString).collect(Collectors.joining(","));
      json.append(",\"").append(entry.getKey()).append("\":{\"dtype\":\"").append(tensor.dtype);
      json.append("\",\"shape\":[").append(shape).append("],\"data_offsets\":[").append(at);
      at += tensor.data.length;
      json.append(",").append(at).append("]}");
    }
    return json.append("}").toString();
  }

  public byte[] bytes() {
    return bytes(header());
  }

  /** The same data under another header. */
  public byte[] bytes(String header) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] length =
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array();
    out.writeBytes(length);
    out.writeBytes(json);
    tensors.values().forEach(tensor -> out.writeBytes(tensor.data));
    return out.toByteArray();
  }

  public Path write(Path path) throws IOException {
    return Files.write(path, bytes());
  }
}
