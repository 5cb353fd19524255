package io.millrace.engine.backend.cuda.ptx;

import io.millrace.engine.backend.cuda.LaunchShape;

/**
 * Runs a few instructions in 32 threads, between loads of their inputs and a store of the result.
 */
final class InstructionRun {
  private InstructionRun() {}

  /**
   * Threads t = 0 to 31 load {@code a[t]}, {@code b[t]} and {@code c[t]} to %a, %b and %c (as 32
   * bits; as 64 to %qa, %qb and %qc, sign-extended), run the instructions, and store %d.
   *
   * @param instructions may use %r0-9, %q0-9, %h0-9 (16 bits), %p0-9 and %t, the thread's number
   */
  static int[] run(String instructions, int[] a, int[] b, int[] c) {
    String ptx =
        """
        .version 8.0
        .target sm_80
        .address_size 64
        .visible .entry run(.param .u64 A, .param .u64 B, .param .u64 C, .param .u64 D)
        {
          .reg .pred %p<10>;
          .reg .b16 %h<10>;
          .reg .b32 %r<10>;
          .reg .b64 %q<10>;
          .reg .b32 %a, %b, %c, %d, %t;
          .reg .b64 %qa, %qb, %qc, %at, %of;
          .shared .align 16 .b8 shared[256];
          mov.u32 %t, %tid.x;
          mul.wide.u32 %of, %t, 4;
          ld.param.u64 %at, [A];
          add.s64 %at, %at, %of;
          ld.global.s32 %a, [%at];
          ld.global.s32 %qa, [%at];
          ld.param.u64 %at, [B];
          add.s64 %at, %at, %of;
          ld.global.s32 %b, [%at];
          ld.global.s32 %qb, [%at];
          ld.param.u64 %at, [C];
          add.s64 %at, %at, %of;
          ld.global.s32 %c, [%at];
          ld.global.s32 %qc, [%at];
          INSTRUCTIONS
          ld.param.u64 %at, [D];
          add.s64 %at, %at, %of;
          st.global.u32 [%at], %d;
          ret;
        }
        """
            .replace("INSTRUCTIONS", instructions);
    try (Device device = new Device(ptx)) {
      long d = device.empty("d", 128);
      device.launch(
          "run",
          LaunchShape.of(1, 32),
          device.ints("a", a),
          device.ints("b", b),
          device.ints("c", c),
          d);
      return device.ints(d, 32);
    }
  }
}
