package io.millrace.engine.backend.cuda;

import io.millrace.engine.model.ForwardBatch;
import java.nio.ByteBuffer;

/**
 * A batch's numbers in device memory: tokens, positions, slots, the segment of each row, the rows
 * whose logits are wanted and the block tables, all 32-bit, sent with one copy from pinned memory.
 * Addresses and the tables' width change seldom, so that steps of one shape look the same.
 */
final class StepInputs implements AutoCloseable {

  /** Steps on their way at once: a buffer is filled again when its copy is done. */
  private static final int STAGES = 3;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final Scratch device;
  private final CudaDriver.PinnedMemory[] staging = new CudaDriver.PinnedMemory[STAGES];
  private final CudaDriver.Event[] copied = new CudaDriver.Event[STAGES];
  private int stage;

  // ---- of the current step
  private ForwardBatch batch;
  private int[] positions;
  private long tokensAt;
  private long positionsAt;
  private long slotsAt;
  private long rowSegmentAt;
  private long logitsRowsAt;
  private long segmentStartsAt;
  private long tablesAt;
  private int tableStride;
  private int tableMost;

  StepInputs(
      CudaDriver driver, CudaDriver.Stream stream, CudaMemory memory, Runnable beforeFreeing) {
    this.driver = driver;
    this.stream = stream;
    this.device = new Scratch(memory, "a step's inputs", beforeFreeing);
  }

  /**
   * Sends a batch.
   *
   * @param blockTokensMin tokens of a block in the cache that has the smallest: tables are sent as
   *     far as they are used
   */
  void send(ForwardBatch next, int blockTokensMin) {
    batch = next;
    positions = next.positions();
    int rows = next.rows();
    int segments = next.segments();
    tableMost = 1;
    for (int segment = 0; segment < segments; segment++) {
      int last = next.positions()[next.segmentStarts()[segment + 1] - 1];
      int used = Math.min(next.blockTables()[segment].length, last / blockTokensMin + 1);
      tableMost = Math.max(tableMost, used);
    }
    tableStride = powerOfTwo(tableMost);
    int padded = (rows + 63) / 64 * 64; // where arrays begin changes seldom
    int segmentsPadded = segments / 64 * 64 + 64; // one more than there are
    int tablesFrom = 5 * padded + segmentsPadded;
    int numbers = Math.addExact(tablesFrom, Math.multiplyExact(segments, tableStride));
    int bytes = Math.multiplyExact(4, numbers);
    long at = device.reserve(bytes);
    tokensAt = at;
    positionsAt = at + 4L * padded;
    slotsAt = at + 8L * padded;
    rowSegmentAt = at + 12L * padded;
    logitsRowsAt = at + 16L * padded;
    segmentStartsAt = at + 20L * padded;
    tablesAt = at + 4L * tablesFrom;

    stage = (stage + 1) % STAGES;
    ByteBuffer to = buffer(bytes);
    put(to, 0, next.tokens(), rows);
    put(to, 4 * padded, next.positions(), rows);
    put(to, 8 * padded, next.slots(), rows);
    for (int segment = 0; segment < segments; segment++) {
      for (int row = next.segmentStarts()[segment];
          row < next.segmentStarts()[segment + 1];
          row++) {
        to.putInt(12 * padded + 4 * row, segment);
      }
      int[] table = next.blockTables()[segment];
      put(to, 4 * (tablesFrom + segment * tableStride), table, Math.min(table.length, tableMost));
    }
    put(to, 16 * padded, next.logitsRows(), next.logitsRows().length);
    put(to, 20 * padded, next.segmentStarts(), segments + 1);
    driver.copyToDevice(at, staging[stage], 0, bytes, stream);
    copied[stage].record(stream);
  }

  private ByteBuffer buffer(int bytes) {
    if (copied[stage] == null) {
      copied[stage] = driver.event();
      copied[stage].record(stream);
    }
    copied[stage].synchronize();
    if (staging[stage] == null || staging[stage].buffer().capacity() < bytes) {
      closeStaging(stage);
      staging[stage] = driver.allocatePinned(powerOfTwo(Math.max(4096, bytes)));
    }
    return staging[stage].buffer();
  }

  private void closeStaging(int of) {
    if (staging[of] != null) {
      CudaDriver.PinnedMemory old = staging[of];
      staging[of] = null; // should there be none to be had
      old.close();
    }
  }

  private static void put(ByteBuffer to, int at, int[] from, int count) {
    for (int i = 0; i < count; i++) {
      to.putInt(at + 4 * i, from[i]);
    }
  }

  static int powerOfTwo(int least) {
    return least == 1 ? 1 : Integer.highestOneBit(least - 1) << 1;
  }

  int rows() {
    return batch.rows();
  }

  int wanted() {
    return batch.logitsRows().length;
  }

  /** The greatest position of some rows. */
  int lastPosition(int from, int to) {
    int last = 0;
    for (int row = from; row < to; row++) {
      last = Math.max(last, positions[row]);
    }
    return last;
  }

  long tokens() {
    return tokensAt;
  }

  long positions() {
    return positionsAt;
  }

  long slots() {
    return slotsAt;
  }

  long rowSegment() {
    return rowSegmentAt;
  }

  long logitsRows() {
    return logitsRowsAt;
  }

  int segments() {
    return batch.segments();
  }

  /** The first row of a segment; after the last one, the number of rows. */
  int segmentStart(int segment) {
    return batch.segmentStarts()[segment];
  }

  /** {@code [segments + 1]}. */
  long segmentStarts() {
    return segmentStartsAt;
  }

  /** {@code [segments][tableStride]}. */
  long tables() {
    return tablesAt;
  }

  int tableStride() {
    return tableStride;
  }

  @Override
  public void close() {
    device.close();
    for (int i = 0; i < STAGES; i++) {
      closeStaging(i);
      if (copied[i] != null) {
        copied[i].close();
        copied[i] = null;
      }
    }
  }
}
