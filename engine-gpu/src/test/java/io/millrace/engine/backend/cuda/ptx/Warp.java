package io.millrace.engine.backend.cuda.ptx;

import java.util.Arrays;
import java.util.Map;

/**
 * 32 threads that run the same instruction wherever they can. Their registers lie side by side:
 * lane l of a register at place + l; of a predicate each lane is a bit. A register knows in which
 * lanes it was ever set.
 *
 * <p>Threads that part at a branch become groups of their own. The group that is furthest behind in
 * the text runs first, so groups meet again where their ways do; a group at an instruction that
 * needs other lanes waits for them, and if they can never come, that is an error.
 */
final class Warp {
  /** Why a warp stopped. */
  enum Stop {
    BARRIER,
    DONE
  }

  private static final int LANES = Operands.LANES;
  private static final int FOREVER = 200_000_000;

  final Block block;

  /** Number in its block of its first thread, and the lanes that it has. */
  final int first;

  final int lanes;

  final int[] r;
  final long[] q;
  final int[] p;
  final int[] setR;
  final int[] setQ;
  final int[] setP;
  final Memory local;
  final AsyncCopies copies = new AsyncCopies();

  /** The interval that runs, and up to which one of each warp everything happened before. */
  long interval;

  final long[] seen;

  /** Whether what this warp wrote may be relied on by whoever sees its next atomic operation. */
  boolean fenced;

  Instruction barrier;

  /** Where in a memory the access that was looked up last lies. */
  int offset;

  private final Instruction[] code;
  private final Groups groups = new Groups();
  private int pc;
  private int active;
  private int exited;
  private long steps;

  Warp(Block block, int first) {
    this.block = block;
    this.first = first;
    Launch launch = block.launch;
    Kernel kernel = launch.kernel;
    code = kernel.code();
    lanes = launch.threads - first >= LANES ? -1 : (1 << (launch.threads - first)) - 1;
    active = lanes;
    r = new int[kernel.registers()[0] * LANES];
    q = new long[kernel.registers()[1] * LANES];
    p = new int[kernel.registers()[2]];
    setR = new int[kernel.registers()[0]];
    setQ = new int[kernel.registers()[1]];
    setP = new int[p.length];
    seen = new long[(launch.threads + LANES - 1) / LANES];
    local = new Memory("local memory", localStride(kernel.localBytes()) * LANES, null);
    for (Map.Entry<Integer, Integer> constant : kernel.narrowConstants().entrySet()) {
      Arrays.fill(r, constant.getKey(), constant.getKey() + LANES, constant.getValue());
      setR[constant.getKey() / LANES] = -1;
    }
    for (Map.Entry<Integer, Long> constant : kernel.wideConstants().entrySet()) {
      Arrays.fill(q, constant.getKey(), constant.getKey() + LANES, constant.getValue());
      setQ[constant.getKey() / LANES] = -1;
    }
    for (Map.Entry<String, Integer> special : kernel.specials().entrySet()) {
      for (int lane = 0; lane < LANES; lane++) {
        r[special.getValue() + lane] = block.special(special.getKey(), first + lane);
      }
      setR[special.getValue() / LANES] = -1;
    }
  }

  /** How far apart the local memories of two lanes lie. */
  static int localStride(int localBytes) {
    return (localBytes + 15) & -16;
  }

  // ---- registers

  /** Fails if a lane reads a 32-bit register that it never set. */
  void needR(int place, int who) {
    int missing = who & ~setR[place >> 5];
    if (missing != 0) {
      throw unset(missing);
    }
  }

  void needQ(int place, int who) {
    int missing = who & ~setQ[place >> 5];
    if (missing != 0) {
      throw unset(missing);
    }
  }

  void needP(int index, int who) {
    int missing = who & ~setP[index];
    if (missing != 0) {
      throw unset(missing);
    }
  }

  void wroteR(int place, int who) {
    setR[place >> 5] |= who;
  }

  void wroteQ(int place, int who) {
    setQ[place >> 5] |= who;
  }

  /** Sets a predicate in the lanes {@code who} to their bits of {@code values}. */
  void setPredicate(int index, int who, int values) {
    p[index] = p[index] & ~who | values & who;
    setP[index] |= who;
  }

  private PtxFault unset(int who) {
    return fault(Integer.numberOfTrailingZeros(who), "reads a register that was never set");
  }

  /** Everything up to now happened before what the lanes of this warp do next. */
  void endInterval() {
    seen[first >> 5] = interval;
    interval = block.launch.space.nextInterval();
  }

  // ---- control

  /** Runs to the next barrier or to the end. */
  Stop run() {
    while (true) {
      if (groups.meet(pc)) {
        choose();
      }
      if (pc >= code.length) {
        throw fault(Integer.numberOfTrailingZeros(active), "runs behind the kernel's end");
      }
      Instruction instruction = code[pc];
      int who = active;
      if (instruction.guard() >= 0) {
        needP(instruction.guard(), who);
        int values = p[instruction.guard()];
        who &= instruction.negated() ? ~values : values;
      }
      if (++steps > FOREVER) {
        throw fault(Integer.numberOfTrailingZeros(active), "does not end");
      }
      block.launch.executed += Integer.bitCount(active);
      switch (instruction.kind()) {
        case PLAIN -> {
          if (who != 0) {
            instruction.step().run(this, who);
          }
          pc++;
        }
        case CONVERGED -> {
          if (who == 0) {
            pc++;
          } else if (together(instruction, who, members(instruction, who))) {
            instruction.step().run(this, who);
            pc++;
          }
        }
        case BRANCH -> branch(instruction.target(), who);
        case RETURN -> {
          exited |= who;
          active &= ~who;
          pc++;
          groups.retry();
          if (active == 0 && !next()) {
            return Stop.DONE;
          }
        }
        case BARRIER -> {
          if (who == 0) {
            pc++;
          } else if (exited != 0) {
            throw fault(
                Integer.numberOfTrailingZeros(who),
                "waits at a barrier, but thread "
                    + (first + Integer.numberOfTrailingZeros(exited))
                    + " has returned");
          } else if (together(instruction, who, lanes)) {
            barrier = instruction;
            pc++;
            return Stop.BARRIER;
          }
        }
      }
    }
  }

  private void branch(int target, int who) {
    int stay = active & ~who;
    if (stay == 0) {
      pc = target;
    } else if (who == 0) {
      pc++;
    } else {
      groups.park(target, who, false);
      active = stay;
      pc++;
    }
    groups.moved();
  }

  private int members(Instruction instruction, int who) {
    if (instruction.slot() < 0) {
      return lanes & ~exited;
    }
    needR(instruction.slot(), who);
    int lane = Integer.numberOfTrailingZeros(who);
    int members = r[instruction.slot() + lane];
    int outside = who & ~members;
    if (outside != 0) {
      throw fault(
          Integer.numberOfTrailingZeros(outside),
          "is not in the mask %08x of what it takes part in".formatted(members));
    }
    return members & lanes & ~exited;
  }

  /** Whether all members are here; else this group waits and another one runs. */
  private boolean together(Instruction instruction, int who, int members) {
    if ((members & ~who) == 0) {
      return true;
    }
    groups.park(pc, who, true);
    active &= ~who;
    if (active != 0) {
      pc++;
    } else if (!next()) {
      throw fault(
          Integer.numberOfTrailingZeros(who),
          "waits for lanes %08x, which never come here (%s)"
              .formatted(members & ~who, instruction.source().text()));
    }
    groups.moved();
    return false;
  }

  /** Takes up another group; false if there is none. Fails if all that are left wait for lanes. */
  private boolean next() {
    if (groups.isEmpty()) {
      return false;
    }
    int lowest = groups.lowestReady();
    if (lowest < 0) {
      int at = groups.anyPc();
      pc = at;
      throw fault(
          Integer.numberOfTrailingZeros(groups.anyMask()), "waits for lanes that never come here");
    }
    pc = groups.pc(lowest);
    active = groups.take(lowest);
    groups.moved();
    return true;
  }

  private void choose() {
    active |= groups.joinAt(pc);
    int lowest = groups.lowestReady();
    if (lowest >= 0 && groups.pc(lowest) < pc) {
      int behind = groups.pc(lowest);
      int mask = groups.take(lowest);
      groups.park(pc, active, false);
      pc = behind;
      active = mask;
    }
    groups.moved();
  }

  // ---- errors

  PtxFault fault(int lane, String what) {
    Instruction instruction = code[Math.min(pc, code.length - 1)];
    return new PtxFault(
        "%s, line %d (%s), block %s, thread %d: %s"
            .formatted(
                block.launch.kernel.name(),
                instruction.source().line(),
                instruction.source().text(),
                block,
                first + lane,
                what));
  }
}
