package io.millrace.engine.backend.cuda.ptx;

import io.millrace.engine.backend.cuda.LaunchShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One run of a kernel: its blocks, one after another.
 *
 * <p>So a block that waits for a later one does not end here, and "the last block to finish reads
 * what the others wrote" works: what a block wrote before a fence and an atomic operation is
 * published, and may be read by a block that has done an atomic operation itself.
 */
final class Launch {
  final DeviceSpace space;
  final Kernel kernel;
  final LaunchShape shape;
  final int threads;
  final Memory shared;
  final Memory parameters;

  /** The first interval of this launch: earlier ones race with nothing in it. */
  final long firstInterval;

  /** Instructions that threads have executed. */
  long executed;

  /** Where the matrices that a warp multiplies are put together: room for 16 x 32 and 8 x 32. */
  final double[] left = new double[16 * 32];

  final double[] right = new double[8 * 32];

  private final List<long[]> published = new ArrayList<>();

  /**
   * @param parameters the block of parameters
   */
  Launch(DeviceSpace space, Kernel kernel, LaunchShape shape, byte[] parameters) {
    this.space = space;
    this.kernel = kernel;
    this.shape = shape;
    threads = shape.threads();
    int bytes = kernel.sharedDynamic() + shape.sharedBytes();
    shared = new Memory("shared memory", bytes, new RaceShadow(bytes, true));
    this.parameters = new Memory("the parameters", parameters.length, null);
    System.arraycopy(parameters, 0, this.parameters.bytes, 0, parameters.length);
    Arrays.fill(this.parameters.state, Memory.WRITTEN);
    firstInterval = space.nextInterval();
  }

  void run() {
    for (int z = 0; z < shape.gridZ(); z++) {
      for (int y = 0; y < shape.gridY(); y++) {
        for (int x = 0; x < shape.gridX(); x++) {
          System.arraycopy(kernel.shared(), 0, shared.state, 0, kernel.sharedDynamic());
          shared.forget(kernel.sharedDynamic(), shared.state.length);
          new Block(this, x, y, z).run();
        }
      }
    }
  }

  /** What {@code block} did so far may be read by others that know of it. */
  void publish(Block block, long upTo) {
    published.add(new long[] {block.firstInterval, upTo});
  }

  /** Whether what was done in this interval was published, and the block knows. */
  boolean published(long interval, Block reader) {
    return reader.acquired
        && published.stream().anyMatch(range -> range[0] <= interval && interval <= range[1]);
  }
}
