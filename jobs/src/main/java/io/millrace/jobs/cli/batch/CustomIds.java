package io.millrace.jobs.cli.batch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * Which custom_ids a file has used, and in which line first. Keeps 128 bits of a digest and a line
 * number for each: 24 bytes a line, in a table that is at most two thirds full.
 */
final class CustomIds {
  private static final int FIRST_CAPACITY = 1 << 10;
  private static final int LONGS = 3;

  private final JsonFactory json = new JsonFactory();
  private final MessageDigest sha256;

  /** Slots of: digest, digest, line. A line of 0 is an empty slot. */
  private long[] slots = new long[FIRST_CAPACITY * LONGS];

  private int size;

  CustomIds() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
  }

  /** The line's custom_id, or null where it has none or is no JSON object up to there. */
  String read(byte[] line) {
    try (JsonParser parser = json.createParser(line)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      String id = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean wanted = parser.currentName().equals("custom_id");
        JsonToken value = parser.nextToken();
        if (wanted && value == JsonToken.VALUE_STRING) {
          id = parser.getText();
        }
        parser.skipChildren();
      }
      return parser.currentToken() == JsonToken.END_OBJECT ? id : null;
    } catch (IOException e) {
      return null; // broken JSON is told by whoever decodes it for good
    }
  }

  /**
   * Notes an id's use.
   *
   * @param line from 1
   * @return the line that used it first, or 0 when this one does
   */
  long use(String id, long line) {
    ByteBuffer digest = ByteBuffer.wrap(sha256.digest(id.getBytes(StandardCharsets.UTF_8)));
    long high = digest.getLong();
    long low = digest.getLong();
    if (size >= slots.length / LONGS / 3 * 2) {
      grow();
    }
    int slot = find(slots, high, low);
    if (slots[slot + 2] != 0) {
      return slots[slot + 2];
    }
    put(slots, slot, high, low, line);
    size++;
    return 0;
  }

  private void grow() {
    long[] old = slots;
    slots = new long[Math.multiplyExact(old.length, 2)];
    for (int i = 0; i < old.length; i += LONGS) {
      if (old[i + 2] != 0) {
        put(slots, find(slots, old[i], old[i + 1]), old[i], old[i + 1], old[i + 2]);
      }
    }
    Arrays.fill(old, 0);
  }

  private static void put(long[] slots, int slot, long high, long low, long line) {
    slots[slot] = high;
    slots[slot + 1] = low;
    slots[slot + 2] = line;
  }

  /** The slot that holds this digest, or the empty one where it belongs. */
  private static int find(long[] slots, long high, long low) {
    int capacity = slots.length / LONGS;
    int slot = (int) Long.remainderUnsigned(high, capacity);
    while (true) {
      int at = slot * LONGS;
      if (slots[at + 2] == 0 || (slots[at] == high && slots[at + 1] == low)) {
        return at;
      }
      slot = (slot + 1) % capacity;
    }
  }
}
