package io.millrace.schemas;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.apache.avro.io.Decoder;
import org.apache.avro.util.Utf8;

/**
 * Avro's binary form, read from one record's bytes, where no claimed length is believed before it
 * is held against the bytes that are left: a record of 20 bytes cannot make a reader allocate more
 * than about that.
 *
 * <p>Every item of an array or map must take at least one byte; {@link SchemaResolution} sees to
 * that. Avro's own check uses the smallest item of the <em>reader's</em> schema instead, and so
 * refuses valid records of an older writer whose items have fewer fields; it is off here, because
 * {@link #remainingBytes} keeps its default, "unknown".
 *
 * <p>Errors are {@link EOFException} for records that end too early, else {@link IOException}. Not
 * safe for use by several threads.
 */
final class BoundedDecoder extends Decoder {
  private final ByteBuffer in;

  /** Reads {@code bytes} from {@code offset} to the end. */
  BoundedDecoder(byte[] bytes, int offset) {
    in = ByteBuffer.wrap(bytes, offset, bytes.length - offset).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Bytes not read yet. */
  int left() {
    return in.remaining();
  }

  @Override
  public void readNull() {}

  @Override
  public boolean readBoolean() throws IOException {
    need(1);
    byte value = in.get();
    if (value != 0 && value != 1) {
      throw new IOException("a boolean is neither 0 nor 1");
    }
    return value == 1;
  }

  @Override
  public int readInt() throws IOException {
    long value = readLong();
    if (value != (int) value) {
      throw new IOException("an int is out of range");
    }
    return (int) value;
  }

  /** Little-endian groups of 7 bits, at most 10 of them, then the zig-zag undone. */
  @Override
  public long readLong() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      need(1);
      byte b = in.get();
      if (shift == 63 && (b & 0xFE) != 0) {
        break;
      }
      value |= (b & 0x7FL) << shift;
      if (b >= 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new IOException("a number has more than 64 bits");
  }

  @Override
  public float readFloat() throws IOException {
    need(Float.BYTES);
    return in.getFloat();
  }

  @Override
  public double readDouble() throws IOException {
    need(Double.BYTES);
    return in.getDouble();
  }

  @Override
  public Utf8 readString(Utf8 old) throws IOException {
    byte[] bytes = new byte[length()];
    in.get(bytes);
    return new Utf8(bytes);
  }

  @Override
  public String readString() throws IOException {
    int length = length();
    String value =
        new String(in.array(), in.arrayOffset() + in.position(), length, StandardCharsets.UTF_8);
    in.position(in.position() + length);
    return value;
  }

  @Override
  public void skipString() throws IOException {
    skipFixed(length());
  }

  @Override
  public ByteBuffer readBytes(ByteBuffer old) throws IOException {
    byte[] bytes = new byte[length()];
    in.get(bytes);
    return ByteBuffer.wrap(bytes);
  }

  @Override
  public void skipBytes() throws IOException {
    skipFixed(length());
  }

  @Override
  public void readFixed(byte[] bytes, int start, int length) throws IOException {
    need(length);
    in.get(bytes, start, length);
  }

  @Override
  public void skipFixed(int length) throws IOException {
    need(length);
    in.position(in.position() + length);
  }

  @Override
  public int readEnum() throws IOException {
    return readInt();
  }

  @Override
  public int readIndex() throws IOException {
    return readInt();
  }

  @Override
  public long readArrayStart() throws IOException {
    return itemCount();
  }

  @Override
  public long arrayNext() throws IOException {
    return itemCount();
  }

  @Override
  public long skipArray() throws IOException {
    return skipBlocks();
  }

  @Override
  public long readMapStart() throws IOException {
    return itemCount();
  }

  @Override
  public long mapNext() throws IOException {
    return itemCount();
  }

  @Override
  public long skipMap() throws IOException {
    return skipBlocks();
  }

  /** The items of the next block; 0 ends the collection. A negative count is followed by a size. */
  private long itemCount() throws IOException {
    long count = readLong();
    if (count < 0) {
      length();
      count = -count;
    }
    return atMostLeft(count, "items");
  }

  /** Skips blocks that give their size; returns the items of one that does not, or 0 at the end. */
  private long skipBlocks() throws IOException {
    long count = readLong();
    while (count < 0) {
      atMostLeft(-count, "items");
      skipFixed(length());
      count = readLong();
    }
    return atMostLeft(count, "items");
  }

  private int length() throws IOException {
    return (int) atMostLeft(readLong(), "bytes");
  }

  private long atMostLeft(long claimed, String what) throws IOException {
    if (claimed < 0) {
      throw new IOException("a length is negative");
    }
    if (claimed > in.remaining()) {
      throw new EOFException(claimed + " " + what + " claimed, " + in.remaining() + " bytes left");
    }
    return claimed;
  }

  private void need(int bytes) throws EOFException {
    if (in.remaining() < bytes) {
      throw new EOFException("ends too early");
    }
  }
}
