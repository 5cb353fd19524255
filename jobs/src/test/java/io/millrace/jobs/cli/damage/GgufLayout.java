package io.millrace.jobs.cli.damage;

import io.millrace.engine.gguf.GgmlType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Where in a GGUF file every number of its header stands. It trusts the file, and shares no code
 * with the reader that is under test.
 */
final class GgufLayout {
  private static final int UINT32 = 4;
  private static final int INT32 = 5;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  /** Bytes of a scalar by its type's number; strings and arrays have none. */
  private static final int[] WIDTHS = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

  private static final int ALIGNMENT_DEFAULT = 32;

  enum Kind {
    MAGIC,
    VERSION,
    /** How many of something follow, or how many bytes. */
    COUNT,
    /** Of a metadata value or of an array's elements. */
    VALUE_TYPE,
    INTEGER_VALUE,
    RANK,
    DIMENSION,
    TENSOR_TYPE,
    OFFSET
  }

  /** A number of {@code width} bytes at {@code at}. */
  record Field(Kind kind, String name, int at, int width) {}

  private final ByteBuffer file;
  private final List<Field> fields = new ArrayList<>();

  /** Where something begins or ends. */
  private final TreeSet<Integer> borders = new TreeSet<>();

  private int alignment = ALIGNMENT_DEFAULT;
  private int dataEnd;

  GgufLayout(byte[] bytes) {
    file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    field(Kind.MAGIC, "magic", 4);
    field(Kind.VERSION, "version", 4);
    int tensors = (int) field(Kind.COUNT, "tensors", 8);
    int entries = (int) field(Kind.COUNT, "metadata entries", 8);
    for (int i = 0; i < entries; i++) {
      borders.add(file.position());
      String key = string("key " + i, true);
      int type = (int) field(Kind.VALUE_TYPE, key + " type", 4);
      value(key, type);
    }
    int[] ends = new int[tensors]; // of the data, from where all data begin
    int[] begins = new int[tensors];
    for (int i = 0; i < tensors; i++) {
      borders.add(file.position());
      tensor(i, begins, ends);
    }
    borders.add(file.position());
    int data = (file.position() + alignment - 1) / alignment * alignment;
    borders.add(data);
    for (int i = 0; i < tensors; i++) {
      borders.add(data + begins[i]);
      borders.add(data + ends[i]);
      dataEnd = Math.max(dataEnd, data + ends[i]);
    }
  }

  List<Field> fields() {
    return fields;
  }

  List<Integer> borders() {
    return List.copyOf(borders);
  }

  /** Where the last tensor's data end; padding may follow. */
  int dataEnd() {
    return dataEnd;
  }

  private long field(Kind kind, String name, int width) {
    int at = file.position();
    borders.add(at);
    fields.add(new Field(kind, name, at, width));
    return number(width);
  }

  private long number(int width) {
    return switch (width) {
      case 1 -> file.get();
      case 2 -> file.getShort();
      case 4 -> file.getInt();
      default -> file.getLong();
    };
  }

  private String string(String name, boolean listed) {
    int length = (int) (listed ? field(Kind.COUNT, name + " length", 8) : file.getLong());
    byte[] bytes = new byte[length];
    file.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private void value(String key, int type) {
    if (type == ARRAY) {
      int elementType = (int) field(Kind.VALUE_TYPE, key + " element type", 4);
      int count = (int) field(Kind.COUNT, key + " elements", 8);
      if (elementType != STRING) {
        file.position(file.position() + count * WIDTHS[elementType]);
        return;
      }
      for (int i = 0; i < count; i++) {
        string(key + " " + i, i == 0 || i == count / 2 || i == count - 1);
      }
    } else if (type == STRING) {
      string(key, true);
    } else if (type == UINT32 || type == INT32 || WIDTHS[type] == 2) {
      int value = (int) field(Kind.INTEGER_VALUE, key, WIDTHS[type]);
      alignment = key.equals("general.alignment") ? value : alignment;
    } else {
      file.position(file.position() + WIDTHS[type]);
    }
  }

  private void tensor(int i, int[] begins, int[] ends) {
    String name = string("tensor " + i, true);
    int rank = (int) field(Kind.RANK, name + " rank", 4);
    long elements = 1;
    for (int d = 0; d < rank; d++) {
      elements *= field(Kind.DIMENSION, name + " dimension " + d, 8);
    }
    GgmlType type = GgmlType.byId((int) field(Kind.TENSOR_TYPE, name + " type", 4)).orElseThrow();
    begins[i] = (int) field(Kind.OFFSET, name + " offset", 8);
    ends[i] = begins[i] + (int) type.bytes(elements);
  }
}
