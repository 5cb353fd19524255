package io.millrace.engine.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.millrace.engine.gguf.GgufFormatException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Parses the JSON header, token by token, so that memory stays in proportion to it. As the format
 * demands, the tensors' data must fill the rest of the file without gaps or overlaps.
 */
final class SafetensorsHeaderReader {
  private static final int TENSORS_MAX = 1 << 20;
  private static final int RANK_MAX = 8;
  private static final String METADATA = "__metadata__";

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(8)
                  .maxNameLength(1_024)
                  .maxNumberLength(32)
                  .maxStringLength(1 << 20)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Names come from the file: they must not fill a table that lives as long as the JVM.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  private final String file;
  private final long dataOffset;
  private final long dataBytes;
  private JsonParser json;

  SafetensorsHeaderReader(String file, long dataOffset, long fileBytes) {
    this.file = file;
    this.dataOffset = dataOffset;
    this.dataBytes = fileBytes - dataOffset;
  }

  /**
   * @return the tensors in the order of their data
   * @throws GgufFormatException if the header is not that of a valid file
   */
  List<SafetensorsTensor> read(byte[] header) throws IOException {
    List<SafetensorsTensor> tensors = new ArrayList<>();
    Set<String> names = new HashSet<>();
    try (JsonParser parser = JSON.createParser(header)) {
      json = parser;
      require(json.nextToken() == JsonToken.START_OBJECT, "the header is not a JSON object");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        if (name.equals(METADATA)) {
          json.skipChildren();
          continue;
        }
        require(tensors.size() < TENSORS_MAX, "more than " + TENSORS_MAX + " tensors");
        require(names.add(name), "the tensor " + quote(name) + " comes twice");
        tensors.add(tensor(name));
      }
      require(json.nextToken() == null, "the header goes on after its JSON object");
    } catch (JsonProcessingException e) {
      GgufFormatException wrong =
          error("the header is not JSON: " + GgufFormatException.quote(e.getOriginalMessage()));
      wrong.initCause(e);
      throw wrong;
    }
    return placed(tensors);
  }

  private SafetensorsTensor tensor(String name) throws IOException {
    String what = "tensor " + quote(name);
    require(json.currentToken() == JsonToken.START_OBJECT, what + " is not described by an object");
    SafetensorsType type = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      JsonToken value = json.nextToken();
      switch (field) {
        case "dtype" -> {
          String dtype = value == JsonToken.VALUE_STRING ? json.getText() : "";
          type =
              SafetensorsType.byName(dtype)
                  .orElseThrow(() -> error(what + " has the unknown dtype " + quote(dtype)));
        }
        case "shape" -> shape = numbers(what + " has a shape", RANK_MAX);
        case "data_offsets" -> offsets = numbers(what + " has data_offsets", 2);
        default -> throw error(what + " has the unknown field " + quote(field));
      }
    }
    require(
        type != null && shape != null && offsets != null && offsets.size() == 2,
        what + " lacks dtype, shape or data_offsets");
    long begin = offsets.get(0);
    long end = offsets.get(1);
    require(
        begin <= end && end <= dataBytes,
        "the data of %s are bytes %d to %d, but the file has %d: is it whole?"
            .formatted(what, begin, end, dataBytes));
    long bytes = type.bytes();
    for (long dim : shape) {
      require(
          dim == 0 || bytes <= dataBytes / dim, what + " is larger than the file, by its shape");
      bytes *= dim;
    }
    require(
        bytes == end - begin,
        "%s is %s %s, %d bytes, but its data are %d bytes"
            .formatted(what, type, shape, bytes, end - begin));
    return new SafetensorsTensor(name, type, shape, dataOffset + begin, bytes);
  }

  private List<Long> numbers(String what, int max) throws IOException {
    require(json.currentToken() == JsonToken.START_ARRAY, what + " that is no array");
    List<Long> numbers = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      require(numbers.size() < max, what + " of more than " + max + " numbers");
      require(
          json.currentToken() == JsonToken.VALUE_NUMBER_INT
              && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER
              && json.getLongValue() >= 0,
          what + " that is not of whole numbers from 0 to 2^63 - 1");
      numbers.add(json.getLongValue());
    }
    return numbers;
  }

  private List<SafetensorsTensor> placed(List<SafetensorsTensor> tensors)
      throws GgufFormatException {
    List<SafetensorsTensor> byOffset = new ArrayList<>(tensors);
    byOffset.sort(
        Comparator.comparingLong(SafetensorsTensor::offset)
            .thenComparingLong(SafetensorsTensor::bytes));
    long at = dataOffset;
    for (SafetensorsTensor tensor : byOffset) {
      require(
          tensor.offset() == at,
          "the data of tensor %s start at byte %d, not where the ones before end, %d"
              .formatted(quote(tensor.name()), tensor.offset(), at));
      at += tensor.bytes();
    }
    require(
        at == dataOffset + dataBytes,
        "the tensors' data end at byte %d, but the file has %d bytes"
            .formatted(at, dataOffset + dataBytes));
    return List.copyOf(byOffset);
  }

  private void require(boolean ok, String problem) throws GgufFormatException {
    if (!ok) {
      throw error(problem);
    }
  }

  private GgufFormatException error(String problem) {
    return new GgufFormatException(file + ": " + problem);
  }

  private static String quote(String text) {
    return GgufFormatException.quote(text);
  }
}
