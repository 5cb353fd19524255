package io.millrace.engine.backend.cuda.ptx;

/**
 * Products of small matrices whose parts lie in the lanes of a warp: mma.sync m16n8 of f16, bf16
 * and int8, and ldmatrix; null for what is none of it.
 *
 * <p>Lane l is row l / 4 and column group l % 4 of a fragment. A is 16 x K in registers (row, k),
 * (row + 8, k), (row, k + K/2), (row + 8, k + K/2); B is K x 8 in (k, column), (k + K/2, column); C
 * and D are 16 x 8 in (row, 2 columns), (row + 8, 2 columns).
 */
final class MatrixOps {
  private MatrixOps() {}

  static Step compile(PtxStatement s, Operands o) {
    return switch (s.name()) {
      case "mma" -> multiply(s, o);
      case "ldmatrix" -> load(s, o);
      default -> null;
    };
  }

  private static Step multiply(PtxStatement s, Operands o) {
    boolean halves = s.opcode().endsWith(".f32.f16.f16.f32");
    boolean brains = s.opcode().endsWith(".f32.bf16.bf16.f32");
    boolean bytes = s.opcode().endsWith(".s32.s8.s8.s32");
    int k = s.has("m16n8k8") ? 8 : s.has("m16n8k16") ? 16 : s.has("m16n8k32") ? 32 : 0;
    if (!s.has("row") || !s.has("col") || k == 0 || (!halves && !brains && !bytes)) {
      throw s.unsupported("this shape or type is not known");
    }
    Register[] d = Register.list(s.operand(0), o);
    Register[] a = Register.list(s.operand(1), o);
    Register[] b = Register.list(s.operand(2), o);
    Register[] c = Register.list(s.operand(3), o);
    int each = bytes ? 4 : 2;
    if (a.length * each * 32 != 16 * k || b.length * each * 32 != 8 * k) {
      throw s.unsupported("fragments have too few registers or too many");
    }
    return (w, who) -> {
      whole(w, who);
      need(w, who, a);
      need(w, who, b);
      need(w, who, c);
      double[] left = w.block.launch.left;
      double[] right = w.block.launch.right;
      for (int lane = 0; lane < 32; lane++) {
        for (int i = 0; i < a.length; i++) {
          int row = lane / 4 + i % 2 * 8;
          int column = i / 2 * (4 * each) + lane % 4 * each;
          unpack((int) a[i].get(w, lane), each, brains, left, row * k + column);
        }
        for (int i = 0; i < b.length; i++) {
          int row = i * (4 * each) + lane % 4 * each;
          unpack((int) b[i].get(w, lane), each, brains, right, lane / 4 * k + row);
        }
      }
      for (int lane = 0; lane < 32; lane++) {
        for (int i = 0; i < 4; i++) {
          int row = (lane / 4 + i / 2 * 8) * k;
          int column = (lane % 4 * 2 + i % 2) * k;
          double sum = 0;
          for (int j = 0; j < k; j++) {
            sum += left[row + j] * right[column + j];
          }
          int start = (int) c[i].get(w, lane);
          d[i].set(
              w,
              lane,
              bytes
                  ? start + (int) sum
                  : Float.floatToRawIntBits((float) (Float.intBitsToFloat(start) + sum)));
        }
      }
      for (Register register : d) {
        register.wrote(w, who);
      }
    };
  }

  private static void unpack(int bits, int each, boolean brains, double[] into, int at) {
    if (each == 4) {
      for (int i = 0; i < 4; i++) {
        into[at + i] = (byte) (bits >> (8 * i));
      }
    } else {
      into[at] = HalfOps.to(bits, brains);
      into[at + 1] = HalfOps.to(bits >> 16, brains);
    }
  }

  private static void need(Warp w, int who, Register[] registers) {
    for (Register register : registers) {
      register.need(w, who);
    }
  }

  private static void whole(Warp w, int who) {
    if (who != -1) {
      throw w.fault(Integer.numberOfTrailingZeros(who), "only some lanes multiply matrices");
    }
  }

  /** Lane l gives the address of row l % 8 of matrix l / 8; each row is 16 bytes. */
  private static Step load(PtxStatement s, Operands o) {
    Register[] into = Register.list(s.operand(0), o);
    Access from = Access.of(Access.Space.SHARED, s.operand(1), o);
    boolean transposed = s.has("trans");
    if (!s.has("m8n8") || !s.type().equals("b16")) {
      throw s.unsupported("this shape is not known");
    }
    return (w, who) -> {
      whole(w, who);
      Memory shared = w.block.launch.shared;
      for (int m = 0; m < into.length; m++) {
        int[] rows = new int[8];
        for (int row = 0; row < 8; row++) {
          int lane = 8 * m + row;
          from.need(w, 1 << lane);
          from.find(w, lane, 16, "read");
          rows[row] = w.offset;
          shared.checkWritten(w, lane, w.offset, 16);
          shared.races.read(w, lane, w.offset, 16, false, shared);
        }
        for (int lane = 0; lane < 32; lane++) {
          int pair = lane % 4 * 2;
          long low =
              transposed
                  ? shared.get(rows[pair] + lane / 4 * 2, 2)
                  : shared.get(rows[lane / 4] + pair * 2, 2);
          long high =
              transposed
                  ? shared.get(rows[pair + 1] + lane / 4 * 2, 2)
                  : shared.get(rows[lane / 4] + pair * 2 + 2, 2);
          into[m].set(w, lane, low | (high << 16));
        }
        into[m].wrote(w, who);
      }
    };
  }
}
