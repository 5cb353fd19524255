package io.millrace.jobs.cli.damage;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.jobs.cli.damage.Damage.Harm;
import io.millrace.jobs.cli.damage.GgufLayout.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Damaged GGUF files: cut at every border, with every number of the header changed. */
final class GgufDamages {
  private static final long[] ABSURD = {
    0, -1, 1 << 20, 1L << 31, 1L << 40, 1L << 62, Long.MIN_VALUE, Long.MAX_VALUE
  };

  /** Bytes of a metadata value by its type's number; the negative ones are different from all. */
  private static final int[] VALUE_BYTES = {1, 1, 2, 2, 4, 4, 4, 1, -8, -9, 8, 8, 8};

  /** Keys whose number says how large tensors are. */
  private static final Set<String> SIZES =
      Set.of(
          "llama.vocab_size",
          "llama.embedding_length",
          "llama.block_count",
          "llama.feed_forward_length",
          "llama.attention.head_count",
          "llama.attention.head_count_kv",
          "llama.attention.key_length",
          "llama.attention.value_length");

  private static final Set<String> PARTS = Set.of("split.no", "split.count", "split.tensors.count");

  private final ModelSample model;
  private final String file;
  private final byte[] whole;
  private final Random random;
  private final List<Damage> damages = new ArrayList<>();

  private GgufDamages(ModelSample model, String file, Random random) {
    this.model = model;
    this.file = file;
    this.whole = model.files().get(file);
    this.random = random;
  }

  /** Damages of each of a model's files, and each file missing. */
  static List<Damage> of(ModelSample model, int flips, long seed) {
    Random random = new Random(seed);
    List<Damage> all = new ArrayList<>();
    for (String file : model.files().keySet()) {
      GgufDamages damages = new GgufDamages(model, file, random);
      GgufLayout layout = new GgufLayout(damages.whole);
      damages.cuts(layout);
      layout.fields().forEach(damages::change);
      damages.flips(flips, layout.borders());
      damages.add("64 bytes more", old -> Arrays.copyOf(old, old.length + 64), Harm.FILE);
      all.addAll(damages.damages);
      all.add(new Damage("missing", model, file, null, Harm.FILE));
    }
    return all;
  }

  private void cuts(GgufLayout layout) {
    for (int border : layout.borders()) {
      for (int length = Math.max(0, border - 1); length <= border + 1; length++) {
        if (length < whole.length) {
          int end = length;
          Harm harm = end < layout.dataEnd() ? Harm.FILE : Harm.ANY;
          add("cut to " + end, old -> Arrays.copyOf(old, end), harm);
        }
      }
    }
  }

  private void change(Field field) {
    switch (field.kind()) {
      case MAGIC -> put(field, Harm.FILE, 0x46554746);
      case VERSION -> put(field, Harm.FILE, 0, 4, 0x03000000);
      case COUNT -> {
        put(field, Harm.FILE, number(field) + 1, number(field) - 1, absurd(), absurd());
      }
      case VALUE_TYPE -> valueType(field);
      case INTEGER_VALUE -> value(field);
      case RANK -> put(field, Harm.FILE, number(field) + 1, number(field) - 1, 5, -1);
      case DIMENSION -> {
        // One element less may vanish in the padding: then it is no longer the model's tensor.
        put(field, Harm.MODEL, number(field) + 1, number(field) - 1, 2 * number(field));
        put(field, Harm.FILE, absurd(), absurd());
      }
      case TENSOR_TYPE -> tensorType(field);
      case OFFSET -> {
        put(field, Harm.FILE, number(field) + 1, number(field) + 64, number(field) - 64, absurd());
      }
    }
  }

  private void valueType(Field field) {
    int type = (int) number(field);
    for (int other = 0; other < VALUE_BYTES.length; other++) {
      boolean same = VALUE_BYTES[other] == VALUE_BYTES[type];
      if (other != type && random.nextInt(4) == 0) {
        put(field, same ? Harm.ANY : Harm.FILE, other);
      }
    }
    put(field, Harm.FILE, random.nextBoolean() ? 13 : -1);
  }

  private void value(Field field) {
    long now = number(field);
    if (SIZES.contains(field.name())) {
      put(field, Harm.MODEL, 0, 7, now + 1, now - 1, -1, 1 << 20);
    } else if (PARTS.contains(field.name())) {
      // One of one part is no part: then tensors are missing.
      put(field, field.name().equals("split.count") ? Harm.MODEL : Harm.FILE, now - 1);
      put(field, Harm.FILE, now + 1, -1, 7);
    } else if (field.name().equals("general.alignment")) {
      put(field, Harm.FILE, 0, 3, -1, 1 << 21);
      put(field, Harm.ANY, 1, 16, 32, 128);
    } else {
      put(field, Harm.ANY, 0, now + 1, -1);
    }
  }

  private void tensorType(Field field) {
    GgmlType type = GgmlType.byId((int) number(field)).orElseThrow();
    for (GgmlType other : GgmlType.values()) {
      boolean same =
          other.blockElements() == type.blockElements() && other.blockBytes() == type.blockBytes();
      if (other != type && random.nextInt(8) == 0) {
        put(field, same ? Harm.ANY : Harm.FILE, other.id());
      }
    }
    put(field, Harm.FILE, List.of(4, 5, 31, 63, 64, -1).get(random.nextInt(6)));
  }

  /** Bits and bytes anywhere, more often in the header than its share. */
  private void flips(int count, List<Integer> borders) {
    int header = borders.get(borders.size() / 2);
    for (int i = 0; i < count; i++) {
      int at = random.nextInt(i % 3 == 0 ? whole.length : header);
      int flip = i % 2 == 0 ? 1 << random.nextInt(8) : 1 + random.nextInt(255);
      add("byte " + at + " ^ " + flip, old -> flipped(old, at, flip), Harm.ANY);
    }
  }

  static byte[] flipped(byte[] old, int at, int flip) {
    byte[] bytes = old.clone();
    bytes[at] ^= (byte) flip;
    return bytes;
  }

  private long absurd() {
    return ABSURD[random.nextInt(ABSURD.length)];
  }

  private long number(Field field) {
    ByteBuffer buffer = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    return switch (field.width()) {
      case 2 -> buffer.getShort(field.at());
      case 4 -> buffer.getInt(field.at());
      default -> buffer.getLong(field.at());
    };
  }

  private void put(Field field, Harm harm, long... values) {
    for (long value : values) {
      if (truncated(field, value) != number(field)) {
        add(field.name() + " = " + value, old -> changed(old, field, value), harm);
      }
    }
  }

  private static long truncated(Field field, long value) {
    return switch (field.width()) {
      case 2 -> (short) value;
      case 4 -> (int) value;
      default -> value;
    };
  }

  private static byte[] changed(byte[] old, Field field, long value) {
    byte[] bytes = old.clone();
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    switch (field.width()) {
      case 2 -> buffer.putShort(field.at(), (short) value);
      case 4 -> buffer.putInt(field.at(), (int) value);
      default -> buffer.putLong(field.at(), value);
    }
    return bytes;
  }

  private void add(String what, UnaryOperator<byte[]> change, Harm harm) {
    damages.add(new Damage(what, model, file, change, harm));
  }
}
