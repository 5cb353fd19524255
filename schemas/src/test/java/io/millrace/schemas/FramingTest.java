package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class FramingTest {
  @Test
  void theFirstBytesTell() {
    assertThat(Framing.of(bytes(0xC3, 0x01, 7, 7))).isEqualTo(Framing.AVRO_SINGLE_OBJECT);
    assertThat(Framing.of(bytes(0x00, 0, 0, 0, 7))).isEqualTo(Framing.CONFLUENT);
    assertThat(Framing.of("{}".getBytes(StandardCharsets.UTF_8))).isEqualTo(Framing.JSON);
  }

  @Test
  void jsonMayStartWithAByteOrderMarkAndWhiteSpace() {
    assertThat(Framing.of(" \t\r\n{".getBytes(StandardCharsets.UTF_8))).isEqualTo(Framing.JSON);
    assertThat(Framing.of("\uFEFF{".getBytes(StandardCharsets.UTF_8))).isEqualTo(Framing.JSON);
    assertThat(Framing.of("\uFEFF \n{".getBytes(StandardCharsets.UTF_8))).isEqualTo(Framing.JSON);
  }

  @Test
  void everythingElseIsUnknown() {
    assertThat(Framing.of(null)).isEqualTo(Framing.UNKNOWN);
    assertThat(Framing.of(bytes())).isEqualTo(Framing.UNKNOWN);
    assertThat(Framing.of(bytes(0xC3))).isEqualTo(Framing.UNKNOWN);
    assertThat(Framing.of(bytes(0xC3, 0x02))).isEqualTo(Framing.UNKNOWN);
    assertThat(Framing.of(bytes(0xEF, 0xBB))).isEqualTo(Framing.UNKNOWN);
    assertThat(Framing.of("  ".getBytes(StandardCharsets.UTF_8))).isEqualTo(Framing.UNKNOWN);
    assertThat(Framing.of("[{}]".getBytes(StandardCharsets.UTF_8))).isEqualTo(Framing.UNKNOWN);
    assertThat(Framing.of("\u00A0{".getBytes(StandardCharsets.UTF_8))).isEqualTo(Framing.UNKNOWN);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
