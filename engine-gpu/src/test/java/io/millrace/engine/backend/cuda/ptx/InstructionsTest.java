package io.millrace.engine.backend.cuda.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.quant.HalfFloats;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each family of instructions against Java's arithmetic, over edges and random numbers. */
class InstructionsTest {
  private static final int[] EDGES = {
    0, 1, -1, 2, 31, 32, 33, 127, 128, 255, 256, 65535, 65536, 0x7fffffff, 0x80000000, 0x80000001
  };

  private final int[] a = numbers(1);
  private final int[] b = numbers(2);
  private final int[] c = numbers(3);

  private static int[] numbers(int seed) {
    Random random = new Random(seed);
    return IntStream.range(0, 32)
        .map(i -> random.nextInt(3) == 0 ? EDGES[random.nextInt(EDGES.length)] : random.nextInt())
        .toArray();
  }

  private void holds(String instructions, IntUnaryOperator expected) {
    assertThat(InstructionRun.run(instructions, a, b, c))
        .as(instructions)
        .isEqualTo(IntStream.range(0, 32).map(expected).toArray());
  }

  private void floatsHold(String instructions, Expected expected) {
    int[] x = floats(4);
    int[] y = floats(5);
    int[] z = floats(6);
    int[] actual = InstructionRun.run(instructions, x, y, z);
    for (int i = 0; i < 32; i++) {
      float f =
          expected.of(
              Float.intBitsToFloat(x[i]), Float.intBitsToFloat(y[i]), Float.intBitsToFloat(z[i]));
      assertThat(Float.intBitsToFloat(actual[i]))
          .as(instructions + " lane " + i)
          .isEqualTo((Float) f);
    }
  }

  private interface Expected {
    float of(float a, float b, float c);
  }

  private static int[] floats(int seed) {
    float[] edges = {0, -0f, 1, -1, Float.NaN, Float.POSITIVE_INFINITY, 1e-40f, 65504, 0.5f, 1.5f};
    Random random = new Random(seed);
    return IntStream.range(0, 32)
        .map(
            i ->
                Float.floatToRawIntBits(
                    random.nextInt(3) == 0
                        ? edges[random.nextInt(edges.length)]
                        : (float) (random.nextGaussian() * 10)))
        .toArray();
  }

  @Test
  void integersAddMultiplyAndDivide() {
    holds("add.s32 %d, %a, %b;", i -> a[i] + b[i]);
    holds("sub.s32 %d, %a, %b;", i -> a[i] - b[i]);
    holds("mad.lo.s32 %d, %a, %b, %c;", i -> a[i] * b[i] + c[i]);
    holds("mul.hi.s32 %d, %a, %b;", i -> (int) (((long) a[i] * b[i]) >> 32));
    holds(
        "mul.hi.u32 %d, %a, %b;",
        i -> (int) (((a[i] & 0xffffffffL) * (b[i] & 0xffffffffL)) >>> 32));
    holds("or.b32 %r0, %b, 1; div.s32 %d, %a, %r0;", i -> a[i] / (b[i] | 1));
    holds(
        "or.b32 %r0, %b, 1; rem.u32 %d, %a, %r0;", i -> Integer.remainderUnsigned(a[i], b[i] | 1));
    holds("min.u32 %d, %a, %b;", i -> Integer.compareUnsigned(a[i], b[i]) < 0 ? a[i] : b[i]);
    holds("max.s32 %d, %a, %b;", i -> Math.max(a[i], b[i]));
    holds("neg.s32 %r0, %a; abs.s32 %d, %r0;", i -> Math.abs(-a[i]));
    holds(
        "mul.wide.s32 %q0, %a, %b; shr.s64 %q0, %q0, 7; cvt.u32.u64 %d, %q0;",
        i -> (int) (((long) a[i] * b[i]) >> 7));
    holds(
        "mad.wide.u32 %q0, %a, %b, %qc; shr.u64 %q0, %q0, 32; cvt.u32.u64 %d, %q0;",
        i -> (int) (((a[i] & 0xffffffffL) * (b[i] & 0xffffffffL) + c[i]) >>> 32));
    holds(
        "mul.lo.s64 %q0, %qa, %qb; mul.hi.s64 %q1, %q0, %qc; cvt.u32.u64 %d, %q1;",
        i -> (int) Math.multiplyHigh((long) a[i] * b[i], c[i]));
  }

  @Test
  void bitsShiftAndCombine() {
    holds("shl.b32 %d, %a, %b;", i -> (b[i] & 0xffffffffL) > 31 ? 0 : a[i] << b[i]);
    holds("shr.u32 %d, %a, %b;", i -> (b[i] & 0xffffffffL) > 31 ? 0 : a[i] >>> b[i]);
    holds("shr.s32 %d, %a, %b;", i -> a[i] >> ((b[i] & 0xffffffffL) > 31 ? 31 : b[i]));
    holds("lop3.b32 %d, %a, %b, %c, 0x96;", i -> a[i] ^ b[i] ^ c[i]);
    holds("lop3.b32 %d, %a, %b, %c, 0xea;", i -> (a[i] & b[i]) | c[i]);
    holds("bfe.u32 %d, %a, 5, 9;", i -> a[i] >>> 5 & 0x1ff);
    holds("bfe.s32 %d, %a, 20, 12;", i -> a[i] >> 20);
    holds("bfi.b32 %d, %a, %b, 8, 8;", i -> (b[i] & 0xffff00ff) | ((a[i] & 255) << 8));
    holds("shf.l.wrap.b32 %d, %a, %b, 9;", i -> (b[i] << 9) | (a[i] >>> 23));
    holds("shf.r.wrap.b32 %d, %a, %b, 9;", i -> (b[i] << 23) | (a[i] >>> 9));
    holds("prmt.b32 %d, %a, %b, 0x0123;", i -> Integer.reverseBytes(a[i]));
    holds("prmt.b32 %d, %a, %b, 0x7610;", i -> (b[i] & 0xffff0000) | (a[i] & 0xffff));
    holds("prmt.b32 %d, %a, %b, 0xbbb3;", i -> ((a[i] >> 31) << 8) | (a[i] >>> 24));
    holds("popc.b32 %d, %a;", i -> Integer.bitCount(a[i]));
    holds("clz.b32 %d, %a;", i -> Integer.numberOfLeadingZeros(a[i]));
    holds("brev.b32 %d, %a;", i -> Integer.reverse(a[i]));
    holds(
        "dp4a.s32.s32 %d, %a, %b, %c;",
        i ->
            c[i]
                + (byte) a[i] * (byte) b[i]
                + (byte) (a[i] >> 8) * (byte) (b[i] >> 8)
                + (byte) (a[i] >> 16) * (byte) (b[i] >> 16)
                + (a[i] >> 24) * (b[i] >> 24));
  }

  @Test
  void sixteenBitsStayTheirOwn() {
    holds(
        "cvt.u16.u32 %h0, %a; shr.s16 %h0, %h0, 4; cvt.u32.u16 %d, %h0;",
        i -> ((short) a[i] >> 4) & 0xffff);
    holds("cvt.u16.u32 %h0, %a; cvt.s16.s8 %h1, %h0; cvt.s32.s16 %d, %h1;", i -> (byte) a[i]);
    holds("mov.b32 {%h0, %h1}, %a; mov.b32 %d, {%h1, %h0};", i -> (a[i] << 16) | (a[i] >>> 16));
    holds("cvt.u16.u32 %h0, %a; mul.wide.s16 %d, %h0, %h0;", i -> (short) a[i] * (short) a[i]);
  }

  @Test
  void predicatesCompareAndChoose() {
    holds("setp.lt.s32 %p0, %a, %b; selp.b32 %d, %a, %b, %p0;", i -> Math.min(a[i], b[i]));
    holds(
        "setp.gt.u32 %p0, %a, %b; selp.b32 %d, 1, 0, %p0;",
        i -> Integer.compareUnsigned(a[i], b[i]) > 0 ? 1 : 0);
    holds(
        "setp.lt.s32 %p0, %a, 0; setp.lt.and.s32 %p1, %b, 0, %p0; selp.b32 %d, 1, 0, %p1;",
        i -> a[i] < 0 && b[i] < 0 ? 1 : 0);
    holds(
        "setp.lt.s32 %p0, %a, 0; not.pred %p1, %p0; mov.u32 %d, 5; @%p1 mov.u32 %d, 6;",
        i -> a[i] < 0 ? 5 : 6);
    int nan = Float.floatToRawIntBits(Float.NaN);
    int[] nans = IntStream.range(0, 32).map(i -> nan).toArray();
    assertThat(
            InstructionRun.run(
                "setp.lt.f32 %p0, %a, 0f00000000; selp.b32 %r0, 1, 0, %p0;"
                    + "setp.ltu.f32 %p1, %a, 0f00000000; selp.b32 %d, 2, %r0, %p1;",
                nans, b, c))
        .containsOnly(2);
  }

  @Test
  void floatsAreJavas() {
    floatsHold("add.f32 %d, %a, %b;", (x, y, z) -> x + y);
    floatsHold("mul.rn.f32 %d, %a, %b;", (x, y, z) -> x * y);
    floatsHold("div.rn.f32 %d, %a, %b;", (x, y, z) -> x / y);
    floatsHold("fma.rn.f32 %d, %a, %b, %c;", Math::fma);
    floatsHold("max.NaN.f32 %d, %a, %b;", (x, y, z) -> Math.max(x, y));
    floatsHold(
        "min.f32 %d, %a, %b;",
        (x, y, z) -> Float.isNaN(x) ? y : Float.isNaN(y) ? x : Math.min(x, y));
    floatsHold(
        "abs.f32 %r0, %a; sqrt.rn.f32 %d, %r0;", (x, y, z) -> (float) Math.sqrt(Math.abs(x)));
    floatsHold("add.ftz.f32 %d, %a, %a;", (x, y, z) -> Math.abs(x) < 1e-37f ? x * 0 : x + x);
    floatsHold("cvt.sat.f32.f32 %d, %a;", (x, y, z) -> x > 0 ? Math.min(x, 1) : 0);
    floatsHold("ex2.approx.f32 %d, %a;", (x, y, z) -> (float) Math.pow(2, x));
    floatsHold("copysign.f32 %d, %a, %b;", (x, y, z) -> Math.copySign(y, x));
    floatsHold(
        "cvt.f64.f32 %q0, %a; mul.f64 %q0, %q0, %q0; cvt.rn.f32.f64 %d, %q0;",
        (x, y, z) -> (float) ((double) x * x));
  }

  @Test
  void directedRoundingStaysOnItsSide() {
    int[] three = IntStream.range(0, 32).map(i -> Float.floatToRawIntBits(3)).toArray();
    int[] one = IntStream.range(0, 32).map(i -> Float.floatToRawIntBits(1)).toArray();
    float down =
        Float.intBitsToFloat(InstructionRun.run("div.rm.f32 %d, %b, %a;", three, one, c)[0]);
    float up = Float.intBitsToFloat(InstructionRun.run("div.rp.f32 %d, %b, %a;", three, one, c)[0]);
    assertThat((double) down).isLessThan(1.0 / 3);
    assertThat((double) up).isGreaterThan(1.0 / 3);
    assertThat(up).isEqualTo(Math.nextUp(down));
  }

  @Test
  void conversionsRoundAndSaturate() {
    floatsHold("cvt.rni.s32.f32 %r0, %a; cvt.rn.f32.s32 %d, %r0;", (x, y, z) -> (int) Math.rint(x));
    floatsHold("cvt.rzi.s32.f32 %r0, %a; cvt.rn.f32.s32 %d, %r0;", (x, y, z) -> (int) x);
    floatsHold("cvt.rmi.f32.f32 %d, %a;", (x, y, z) -> (float) Math.floor(x));
    floatsHold(
        "cvt.rn.f16.f32 %h0, %a; cvt.f32.f16 %d, %h0;",
        (x, y, z) -> HalfFloats.f16(HalfFloats.toF16(x)));
    floatsHold(
        "cvt.rn.bf16x2.f32 %d, %a, %b; and.b32 %d, %d, 0xffff0000;",
        (x, y, z) -> HalfFloats.bf16(HalfFloats.toBf16(x)));
    holds("cvt.sat.s8.s32 %d, %a;", i -> Math.max(-128, Math.min(127, a[i])));
    holds("cvt.rn.f32.u32 %d, %a;", i -> Float.floatToRawIntBits((float) (a[i] & 0xffffffffL)));
    holds("cvt.rn.f32.s64 %d, %qa;", i -> Float.floatToRawIntBits((float) a[i]));
  }

  @Test
  void halvesRoundOnce() {
    floatsHold(
        "cvt.rn.f16x2.f32 %r0, %a, %b; cvt.rn.f16x2.f32 %r1, %b, %c;"
            + "fma.rn.f16x2 %r2, %r0, %r1, %r0; mov.b32 {%h0, %h1}, %r2; cvt.f32.f16 %d, %h1;",
        (x, y, z) -> {
          float p = HalfFloats.f16(HalfFloats.toF16(x));
          float q = HalfFloats.f16(HalfFloats.toF16(y));
          return HalfFloats.f16(HalfFloats.toF16((float) ((double) p * q + p)));
        });
    // 1 + 2^-11 + 2^-24: f16 rounds it up, but down if rounded to float and half-way first
    assertThat(HalfOps.from(HalfOps.odd(1 + 0x1p-11 + 0x1p-30), false)).isEqualTo(0x3c01);
  }

  @Test
  void lanesExchangeAndVote() {
    holds("shfl.sync.bfly.b32 %d, %a, 5, 31, -1;", i -> a[i ^ 5]);
    holds("shfl.sync.down.b32 %d, %a, 3, 31, -1;", i -> a[i + 3 < 32 ? i + 3 : i]);
    holds("shfl.sync.up.b32 %d, %a, 3, 0, -1;", i -> a[i >= 3 ? i - 3 : i]);
    holds("shfl.sync.idx.b32 %d, %a, 9, 31, -1;", i -> a[9]);
    holds("shfl.sync.idx.b32 %d, %a, 1, 0x1c03, -1;", i -> a[(i & ~3) + 1]);
    holds(
        "shfl.sync.down.b32 %d|%p0, %a, 8, 0x101f, -1; selp.b32 %d, %d, 0, %p0;",
        i -> i % 16 < 8 ? a[i + 8] : i < 16 ? 0 : i + 8 < 32 ? a[i + 8] : 0);
    holds("setp.lt.s32 %p0, %t, 7; vote.sync.ballot.b32 %d, %p0, -1;", i -> 0x7f);
    holds("redux.sync.max.s32 %d, %a, -1;", i -> IntStream.of(a).max().orElseThrow());
  }

  @Test
  void groupsPartAndMeetAgain() {
    holds(
        """
        mov.u32 %d, 0;
        mov.u32 %r0, 0;
        LOOP:
        add.s32 %d, %d, %r0;
        add.s32 %r0, %r0, 1;
        setp.le.u32 %p0, %r0, %t;
        @%p0 bra LOOP;
        shfl.sync.bfly.b32 %d, %d, 1, 31, -1;
        """,
        i -> (i ^ 1) * ((i ^ 1) + 1) / 2);
    holds(
        """
        setp.lt.u32 %p0, %t, 10;
        @%p0 bra LATE;
        mov.u32 %d, 1;
        EARLY:
        shfl.sync.idx.b32 %d, %d, 0, 31, -1;
        bra.uni END;
        LATE:
        mov.u32 %d, 2;
        bra.uni EARLY;
        END:
        """,
        i -> 2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "add.s32 %d, %a, %r5;                                | never set",
        "@%p5 mov.u32 %d, 1;                                 | never set",
        "mov.u32 %r0, shared; ld.shared.u32 %d, [%r0];       | poison",
        "mov.u32 %r0, shared; ld.shared.u32 %d, [%r0+2];     | misaligned",
        "mov.u32 %r0, shared; st.shared.u32 [%r0+256], %a;   | out of bounds",
        "mov.u32 %r0, shared; st.shared.u32 [%r0], %a;       | race",
        "ld.global.u32 %d, [%at+4096];                       | out of bounds",
        "ld.global.u32 %d, [%qa];                            | where nothing is",
        "setp.lt.s32 %p0, %t, 9; @%p0 bra X; bar.sync 0; X: bar.sync 0; | never come",
        "setp.lt.s32 %p0, %t, 9; @%p0 ret; bar.sync 0;       | has returned",
        "setp.lt.s32 %p0, %t, 9; mov.u32 %d, 1; @%p0 shfl.sync.bfly.b32 %d, %a, 1, 31, -1; | no part",
        "shfl.sync.bfly.b32 %d, %a, 1, 31, 0xff;             | not in the mask",
        "bar.sync 0, 64;                                     | never come",
        "X: bra X;                                           | does not end",
      })
  void wrongDoingIsAnError(String instructions, String message) {
    assertThatThrownBy(() -> InstructionRun.run(instructions, a, b, c))
        .isInstanceOf(PtxFault.class)
        .hasMessageContaining(message)
        .hasMessageContaining("run, line ")
        .hasMessageContaining("thread ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"frobnicate.s32 %d, %a;", "add.s32 %d, %a, %nothing;", "bra NOWHERE;"})
  void anUnknownInstructionNamesItsLine(String instruction) {
    assertThatThrownBy(() -> InstructionRun.run(instruction, a, b, c))
        .isInstanceOf(PtxFault.class)
        .hasMessageContaining("line 27")
        .hasMessageContaining(instruction.replace(";", ""));
  }
}
