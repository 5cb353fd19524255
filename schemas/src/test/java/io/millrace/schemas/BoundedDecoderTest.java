package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;

class BoundedDecoderTest {
  private interface Writing {
    void to(BinaryEncoder out) throws IOException;
  }

  private static BoundedDecoder decoder(Writing writing) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder out = EncoderFactory.get().binaryEncoder(bytes, null);
    writing.to(out);
    out.flush();
    return new BoundedDecoder(bytes.toByteArray(), 0);
  }

  @Test
  void readsWhatAvroWrites() throws IOException {
    BoundedDecoder in =
        decoder(
            out -> {
              out.writeBoolean(true);
              out.writeInt(Integer.MIN_VALUE);
              out.writeFloat(1.5f);
              out.writeDouble(-2.25);
              out.writeString("\u4e16\u754c");
              out.writeBytes(new byte[] {1, 2, 3});
              out.writeFixed(new byte[] {4, 5});
              out.writeEnum(3);
              out.writeIndex(1);
              out.writeString("");
            });
    assertThat(in.readBoolean()).isTrue();
    assertThat(in.readInt()).isEqualTo(Integer.MIN_VALUE);
    assertThat(in.readFloat()).isEqualTo(1.5f);
    assertThat(in.readDouble()).isEqualTo(-2.25);
    assertThat(in.readString()).isEqualTo("\u4e16\u754c");
    assertThat(in.readBytes(null)).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    byte[] fixed = new byte[2];
    in.readFixed(fixed, 0, 2);
    assertThat(fixed).containsExactly(4, 5);
    assertThat(in.readEnum()).isEqualTo(3);
    assertThat(in.readIndex()).isEqualTo(1);
    assertThat(in.readString(null).toString()).isEmpty();
    assertThat(in.left()).isZero();
  }

  @Test
  void readsEveryLengthOfNumber() throws IOException {
    for (int shift = 0; shift < 64; shift++) {
      for (long value : new long[] {1L << shift, (1L << shift) - 1, -(1L << shift)}) {
        assertThat(decoder(out -> out.writeLong(value)).readLong()).isEqualTo(value);
      }
    }
  }

  @Test
  void skipsWhatAvroWrites() throws IOException {
    BoundedDecoder in =
        decoder(
            out -> {
              out.writeString("skipped");
              out.writeBytes(new byte[300]);
              // Two array blocks: one that gives its size in bytes, one that does not.
              out.writeLong(-2);
              out.writeLong(2);
              out.writeFixed(new byte[2]);
              out.writeLong(1);
              out.writeInt(5);
              out.writeLong(0);
              out.writeInt(42);
            });
    in.skipString();
    in.skipBytes();
    assertThat(in.skipArray()).isEqualTo(1);
    in.skipFixed(1);
    assertThat(in.skipArray()).isZero();
    assertThat(in.readInt()).isEqualTo(42);
  }

  @Test
  void lengthsAreHeldAgainstTheBytesThatAreLeft() throws IOException {
    for (long length : new long[] {5, 1 << 20, Integer.MAX_VALUE, Long.MAX_VALUE}) {
      Writing claim =
          out -> {
            out.writeLong(length);
            out.writeFixed(new byte[4]);
          };
      assertThatThrownBy(() -> decoder(claim).readString()).isInstanceOf(EOFException.class);
      assertThatThrownBy(() -> decoder(claim).readString(null)).isInstanceOf(EOFException.class);
      assertThatThrownBy(() -> decoder(claim).readBytes(null)).isInstanceOf(EOFException.class);
      assertThatThrownBy(() -> decoder(claim).skipBytes()).isInstanceOf(EOFException.class);
      assertThatThrownBy(() -> decoder(claim).readArrayStart()).isInstanceOf(EOFException.class);
      assertThatThrownBy(() -> decoder(claim).mapNext()).isInstanceOf(EOFException.class);
      assertThatThrownBy(() -> decoder(claim).skipMap()).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void malformedNumbersAreErrors() throws IOException {
    assertThatThrownBy(() -> decoder(out -> out.writeLong(-1)).readBytes(null))
        .hasMessageContaining("negative");
    assertThatThrownBy(() -> decoder(out -> out.writeLong(Long.MIN_VALUE)).readArrayStart())
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> decoder(out -> out.writeLong(1L << 31)).readInt())
        .hasMessageContaining("out of range");
    assertThatThrownBy(() -> decoder(out -> out.writeFixed(new byte[] {2})).readBoolean())
        .hasMessageContaining("boolean");
    byte[] elevenGroups = new byte[11];
    Arrays.fill(elevenGroups, (byte) 0xFF);
    assertThatThrownBy(() -> new BoundedDecoder(elevenGroups, 0).readLong())
        .hasMessageContaining("64 bits");
    assertThatThrownBy(() -> new BoundedDecoder(new byte[] {(byte) 0x80}, 0).readLong())
        .isInstanceOf(EOFException.class);
  }
}
