package io.millrace.engine.gguf;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses a GGUF file's header: magic, version, counts, metadata, tensor infos.
 *
 * <p>Nothing in the file is trusted. A count is compared with the bytes that are left before
 * anything is allocated for it, so that memory stays in proportion to the file's size, and the
 * bounds below hold besides.
 */
final class GgufHeaderReader {
  static final int MAGIC = 0x46554747; // "GGUF"
  static final int ALIGNMENT_DEFAULT = 32;
  static final String ALIGNMENT_KEY = "general.alignment";

  /** Largest real vocabularies have 300,000 entries. */
  static final int ARRAY_ELEMENTS_MAX = 1 << 24;

  static final int METADATA_ENTRIES_MAX = 1 << 16;
  static final int KEY_BYTES_MAX = 65_535;
  static final int STRING_BYTES_MAX = 1 << 24;
  static final int ARRAY_DEPTH_MAX = 4;
  static final int ALIGNMENT_MAX = 1 << 20;

  private final GgufInput in;

  GgufHeaderReader(GgufInput in) {
    this.in = in;
  }

  /** The checked header. */
  record Header(
      int version,
      GgufMetadata metadata,
      int alignment,
      long dataOffset,
      List<TensorInfo> tensors) {}

  /**
   * @throws GgufFormatException if the header is not that of a valid file
   */
  Header read() throws IOException {
    int version = readVersion();
    long tensorCount =
        in.count("tensors", TensorInfoReader.TENSORS_MAX, TensorInfoReader.BYTES_MIN);
    long entryCount = in.count("metadata entries", METADATA_ENTRIES_MAX, 8 + 4 + 1);
    Map<String, GgufValue> values = new LinkedHashMap<>();
    for (long i = 0; i < entryCount; i++) {
      long at = in.position();
      String key = in.string("a metadata key", KEY_BYTES_MAX);
      if (key.isEmpty()) {
        throw in.error(at, "an empty metadata key");
      }
      if (values.put(key, value(key)) != null) {
        throw in.error(at, "the metadata key " + GgufFormatException.quote(key) + " comes twice");
      }
    }
    GgufMetadata metadata = new GgufMetadata(in.file(), values);
    int alignment = alignment(metadata);
    TensorInfoReader tensors = new TensorInfoReader(in);
    for (long i = 0; i < tensorCount; i++) {
      tensors.readNext();
    }
    long dataOffset = Math.addExact(in.position(), alignment - 1) / alignment * alignment;
    return new Header(
        version, metadata, alignment, dataOffset, tensors.place(dataOffset, alignment));
  }

  private int readVersion() throws IOException {
    if (in.fileBytes() < 4 || in.int32("the magic number") != MAGIC) {
      throw in.error(0, "not a GGUF file");
    }
    int version = in.int32("the version");
    if (version == 2 || version == 3) {
      return version;
    }
    int reversed = Integer.reverseBytes(version);
    if (reversed >= 1 && reversed <= 3) {
      throw in.error(4, "a big-endian GGUF file; only little-endian ones are read");
    }
    throw in.error(
        4, "GGUF version " + Integer.toUnsignedString(version) + "; versions 2 and 3 are read");
  }

  private int alignment(GgufMetadata metadata) throws GgufFormatException {
    if (!metadata.contains(ALIGNMENT_KEY)) {
      return ALIGNMENT_DEFAULT;
    }
    int alignment = metadata.requireInt(ALIGNMENT_KEY, 1, ALIGNMENT_MAX);
    if (Integer.bitCount(alignment) != 1) {
      throw in.error(in.position(), ALIGNMENT_KEY + " is " + alignment + ", must be a power of 2");
    }
    return alignment;
  }

  private GgufValue value(String key) throws IOException {
    String what = "metadata " + GgufFormatException.quote(key);
    GgufValueType type = valueType(what);
    if (type != GgufValueType.ARRAY) {
      return new GgufValue(type, null, scalar(type, what));
    }
    GgufValueType elementType = valueType(what);
    return new GgufValue(type, elementType, array(elementType, what, 1));
  }

  private GgufValueType valueType(String what) throws IOException {
    long at = in.position();
    int id = in.int32("a value type");
    GgufValueType type = GgufValueType.byId(id);
    if (type == null) {
      throw in.error(at, what + " has the unknown value type " + Integer.toUnsignedString(id));
    }
    return type;
  }

  private Object scalar(GgufValueType type, String what) throws IOException {
    return switch (type) {
      case STRING -> in.string(what, STRING_BYTES_MAX);
      case BOOL -> bool(what);
      case FLOAT32, FLOAT64 -> floating(type, what);
      default -> integer(type, what);
    };
  }

  private boolean bool(String what) throws IOException {
    long at = in.position();
    byte value = in.int8(what);
    if (value != 0 && value != 1) {
      throw in.error(at, what + " is a bool with the value " + value);
    }
    return value == 1;
  }

  private double floating(GgufValueType type, String what) throws IOException {
    return type == GgufValueType.FLOAT32 ? in.float32(what) : in.float64(what);
  }

  private long integer(GgufValueType type, String what) throws IOException {
    return switch (type) {
      case UINT8 -> in.int8(what) & 0xFF;
      case INT8 -> in.int8(what);
      case UINT16 -> in.int16(what) & 0xFFFF;
      case INT16 -> in.int16(what);
      case UINT32 -> in.int32(what) & 0xFFFFFFFFL;
      case INT32 -> in.int32(what);
      default -> in.int64(what);
    };
  }

  private Object array(GgufValueType elementType, String what, int depth) throws IOException {
    long at = in.position();
    int count = (int) in.count("elements in " + what, ARRAY_ELEMENTS_MAX, elementType.bytesMin());
    switch (elementType) {
      case STRING -> {
        String[] strings = new String[count];
        for (int i = 0; i < count; i++) {
          strings[i] = (String) scalar(elementType, what);
        }
        return strings;
      }
      case BOOL -> {
        boolean[] bools = new boolean[count];
        for (int i = 0; i < count; i++) {
          bools[i] = bool(what);
        }
        return bools;
      }
      case FLOAT32, FLOAT64 -> {
        double[] doubles = new double[count];
        for (int i = 0; i < count; i++) {
          doubles[i] = floating(elementType, what);
        }
        return doubles;
      }
      case ARRAY -> {
        if (depth == ARRAY_DEPTH_MAX) {
          throw in.error(at, what + " nests arrays too deep");
        }
        GgufValue[] arrays = new GgufValue[count];
        for (int i = 0; i < count; i++) {
          GgufValueType inner = valueType(what);
          arrays[i] = new GgufValue(elementType, inner, array(inner, what, depth + 1));
        }
        return arrays;
      }
      default -> {
        long[] longs = new long[count];
        for (int i = 0; i < count; i++) {
          longs[i] = integer(elementType, what);
        }
        return longs;
      }
    }
  }
}
