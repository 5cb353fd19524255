package io.millrace.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfFloatsTest {

  @Test
  void everyBinary16SurvivesTheRoundTrip() {
    assertThat(HalfFloats.f16((short) 0x3c00)).isEqualTo(1f);
    for (int bits = 0; bits < 1 << 16; bits++) {
      float wide = HalfFloats.f16((short) bits);
      if (!Float.isNaN(wide)) {
        assertThat(HalfFloats.toF16(wide)).isEqualTo((short) bits);
      }
    }
    assertThat(HalfFloats.f16(HalfFloats.toF16(Float.NaN))).isNaN();
  }

  @Test
  void binary16RoundsToNearestHalvesToEven() {
    for (int bits = 0; bits < 0x7bff; bits++) {
      float low = HalfFloats.f16((short) bits);
      float high = HalfFloats.f16((short) (bits + 1));
      float half = (low + high) / 2; // exact
      assertThat(HalfFloats.toF16(half)).isEqualTo((short) (bits + (bits & 1)));
      assertThat(HalfFloats.toF16(Math.nextDown(half))).isEqualTo((short) bits);
      assertThat(HalfFloats.toF16(-Math.nextUp(half))).isEqualTo((short) (bits + 1 | 0x8000));
    }
    assertThat(HalfFloats.toF16(65519f)).isEqualTo((short) 0x7bff);
    assertThat(HalfFloats.toF16(65520f)).isEqualTo((short) 0x7c00);
    assertThat(HalfFloats.toF16(1e-9f)).isZero();
  }

  @Test
  void everyBfloat16SurvivesTheRoundTripAndHalvesGoToEven() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float wide = HalfFloats.bf16((short) bits);
      if (!Float.isNaN(wide)) {
        assertThat(HalfFloats.toBf16(wide)).isEqualTo((short) bits);
        float half = Float.intBitsToFloat(bits << 16 | 0x8000);
        if (!Float.isInfinite(wide)) {
          assertThat(HalfFloats.toBf16(half)).isEqualTo((short) (bits + (bits & 1)));
        }
      }
    }
    assertThat(HalfFloats.bf16(HalfFloats.toBf16(Float.NaN))).isNaN();
  }
}
