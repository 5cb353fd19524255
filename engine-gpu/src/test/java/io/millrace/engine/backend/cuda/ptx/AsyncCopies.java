package io.millrace.engine.backend.cuda.ptx;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * A warp's copies from global to shared memory that go on by themselves (cp.async). They land as
 * late as they may: when their thread waits for the group that they were committed with. Until then
 * where they go to is unreadable.
 */
final class AsyncCopies {
  private record Copy(int lane, int group, int to, byte[] bytes) {}

  private final List<Copy> underWay = new ArrayList<>();
  private final int[] groups = new int[Operands.LANES];

  /**
   * {@code cp.async}.
   *
   * @param size bytes written: 4, 8 or 16
   * @param read bytes read, or the register that says so; what is not read is written as 0
   */
  static Step start(Access to, Access from, int size, int readPlace) {
    return (warp, who) -> {
      to.need(warp, who);
      from.need(warp, who);
      if (readPlace >= 0) {
        warp.needR(readPlace, who);
      }
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        int read = readPlace < 0 ? size : warp.r[readPlace + lane];
        if (read < 0 || read > size) {
          throw warp.fault(lane, "copies " + read + " of " + size + " bytes");
        }
        byte[] bytes = new byte[size];
        if (read > 0) {
          Memory source = from.find(warp, lane, size, "read");
          for (int i = 0; i < read; i++) {
            source.checkWritten(warp, lane, warp.offset + i, 1);
          }
          source.races.read(warp, lane, warp.offset, read, false, source);
          System.arraycopy(source.bytes, warp.offset, bytes, 0, read);
        }
        Memory shared = to.find(warp, lane, size, "write");
        shared.races.write(warp, lane, warp.offset, size, false, shared);
        shared.mark(warp, lane, warp.offset, size, Memory.PENDING);
        AsyncCopies copies = warp.copies;
        copies.underWay.add(new Copy(lane, copies.groups[lane], warp.offset, bytes));
      }
    };
  }

  /** {@code cp.async.commit_group}. */
  static Step commit() {
    return (warp, who) -> {
      for (int left = who; left != 0; left &= left - 1) {
        warp.copies.groups[Integer.numberOfTrailingZeros(left)]++;
      }
    };
  }

  /**
   * {@code cp.async.wait_group} and {@code wait_all}.
   *
   * @param pending how many of the last groups need not have landed; -1 for all copies to land
   */
  static Step await(int pending) {
    return (warp, who) -> {
      Memory shared = warp.block.launch.shared;
      AsyncCopies copies = warp.copies;
      for (Iterator<Copy> all = copies.underWay.iterator(); all.hasNext(); ) {
        Copy copy = all.next();
        boolean mine = (who >>> copy.lane & 1) != 0;
        if (mine && (pending < 0 || copy.group < copies.groups[copy.lane] - pending)) {
          System.arraycopy(copy.bytes, 0, shared.bytes, copy.to, copy.bytes.length);
          shared.races.write(warp, copy.lane, copy.to, copy.bytes.length, false, shared);
          shared.mark(warp, copy.lane, copy.to, copy.bytes.length, Memory.WRITTEN);
          all.remove();
        }
      }
    };
  }
}
