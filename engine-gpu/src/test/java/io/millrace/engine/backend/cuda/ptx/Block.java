package io.millrace.engine.backend.cuda.ptx;

import io.millrace.engine.backend.cuda.LaunchShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A block of threads: runs its warps, one after another, from barrier to barrier. */
final class Block {
  private static final int LANES = Operands.LANES;

  final Launch launch;

  /** The first interval of this block. */
  final long firstInterval;

  /** Whether a thread has done an atomic operation: it may have seen what others published. */
  boolean acquired;

  private final int x;
  private final int y;
  private final int z;
  private final Warp[] warps;

  Block(Launch launch, int x, int y, int z) {
    this.launch = launch;
    this.x = x;
    this.y = y;
    this.z = z;
    firstInterval = launch.space.nextInterval();
    warps = new Warp[(launch.threads + LANES - 1) / LANES];
    for (int i = 0; i < warps.length; i++) {
      warps[i] = new Warp(this, i * LANES);
      warps[i].interval = launch.space.nextInterval();
    }
  }

  void run() {
    List<Warp> ready = new ArrayList<>(Arrays.asList(warps));
    List<Warp> waiting = new ArrayList<>();
    while (!ready.isEmpty()) {
      for (Warp warp : ready) {
        if (warp.run() == Warp.Stop.BARRIER) {
          waiting.add(warp);
        }
      }
      ready = released(waiting);
      waiting.removeAll(ready);
    }
    if (!waiting.isEmpty()) {
      Warp stuck = waiting.get(0);
      throw stuck.fault(
          0,
          "waits at a barrier that other warps of the block never come to: line "
              + stuck.barrier.source().line());
    }
  }

  /** The warps whose barrier is complete. */
  private List<Warp> released(List<Warp> waiting) {
    for (Warp warp : waiting) {
      Instruction barrier = warp.barrier;
      int wanted = barrier.threads() < 0 ? launch.threads : barrier.threads();
      List<Warp> here = new ArrayList<>();
      int threads = 0;
      for (Warp other : waiting) {
        if (other.barrier.slot() == barrier.slot()) {
          if (barrier.threads() < 0 && other.barrier != barrier) {
            throw other.fault(
                0,
                "waits at the barrier of line %d while others wait at that of line %d"
                    .formatted(other.barrier.source().line(), barrier.source().line()));
          }
          here.add(other);
          threads += Integer.bitCount(other.lanes);
        }
      }
      if (threads >= wanted) {
        meet(here);
        return here;
      }
    }
    return new ArrayList<>();
  }

  /** What any of these warps did or knew happened before what all of them do next. */
  private void meet(List<Warp> here) {
    long[] seen = new long[warps.length];
    for (Warp warp : here) {
      for (int i = 0; i < seen.length; i++) {
        seen[i] = Math.max(seen[i], warp.seen[i]);
      }
      seen[warp.first / LANES] = warp.interval;
    }
    for (Warp warp : here) {
      System.arraycopy(seen, 0, warp.seen, 0, seen.length);
      warp.interval = launch.space.nextInterval();
    }
  }

  /** What a special register holds in a thread. */
  int special(String name, int thread) {
    LaunchShape shape = launch.shape;
    return switch (name) {
      case "%tid.x" -> thread % shape.blockX();
      case "%tid.y" -> thread / shape.blockX() % shape.blockY();
      case "%tid.z" -> thread / shape.blockX() / shape.blockY();
      case "%ntid.x" -> shape.blockX();
      case "%ntid.y" -> shape.blockY();
      case "%ntid.z" -> shape.blockZ();
      case "%ctaid.x" -> x;
      case "%ctaid.y" -> y;
      case "%ctaid.z" -> z;
      case "%nctaid.x" -> shape.gridX();
      case "%nctaid.y" -> shape.gridY();
      case "%nctaid.z" -> shape.gridZ();
      case "%laneid" -> thread % LANES;
      case "%warpid" -> thread / LANES;
      case "%lanemask_eq" -> 1 << thread;
      case "%lanemask_lt" -> (1 << thread) - 1;
      case "%lanemask_le" -> (2 << (thread % LANES)) - 1;
      case "%lanemask_gt" -> -(2 << (thread % LANES));
      case "%lanemask_ge" -> -(1 << thread);
      default -> throw new PtxFault("special register " + name + " is not known");
    };
  }

  @Override
  public String toString() {
    return "(" + x + ", " + y + ", " + z + ")";
  }
}
