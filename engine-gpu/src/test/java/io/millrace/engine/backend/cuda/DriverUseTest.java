package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.SamplingParams;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.cuda.ptx.PtxDriver;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.ToyLlama;
import io.millrace.engine.model.Transformer;
import io.millrace.engine.sampling.RowDraws;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the host asks of a driver: in an order that holds on a device, and all given back. */
class DriverUseTest {
  private static final int[] TABLE = {3, 1, 0, 2};

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void writeModel() throws IOException {
    path =
        new ToyLlama(GgmlType.Q8_0, 40, 32, 1, 2, 1, 16, 16, 64, false)
            .write(folder.resolve("toy.gguf"));
  }

  @Test
  void whatADeviceDoesLateComesOutTheSame() throws Exception {
    DriverProbe probe = new DriverProbe(new PtxDriver(16 << 20), 0);
    List<float[]> late = run(probe.driver());
    assertThat(late).usingRecursiveComparison().isEqualTo(run(new PtxDriver(16 << 20)));
    assertThat(probe.open()).isZero();
  }

  /** Every allocation fails once, from the first weight to the last step. */
  @Test
  void whereverMemoryRunsOutAllOfItIsGivenBack() throws Exception {
    DriverProbe all = new DriverProbe(new PtxDriver(16 << 20), 0);
    run(all.driver());
    List<Integer> leaks = new ArrayList<>();
    for (int failing = 1; failing <= all.allocations(); failing++) {
      DriverProbe probe = new DriverProbe(new PtxDriver(16 << 20), failing);
      String message = null;
      try {
        run(probe.driver());
      } catch (CudaException e) {
        message = e.getMessage();
      }
      assertThat(message).as("allocation %d", failing).isNotNull().doesNotContain("\n");
      if (probe.open() != 0) {
        leaks.add(failing);
      }
    }
    assertThat(leaks).as("failing allocations of %d that leak", all.allocations()).isEmpty();
  }

  /** A chunk, steps of one row, of which the later ones are replayed, and a longer chunk. */
  private List<float[]> run(CudaDriver driver) throws IOException {
    List<float[]> logits = new ArrayList<>();
    RowDraws draws = new RowDraws(40);
    draws.add(SamplingParams.greedy(1), 0);
    try (GgufFile file = GgufFile.open(path);
        CudaBackend backend = new CudaBackend(driver);
        Transformer model = Transformer.load(file, backend, 4, 4, 16, KvType.INT8)) {
      logits.add(model.forward(step(0, 3)).clone());
      for (int position = 3; position < 8; position++) {
        logits.add(model.forward(step(position, position + 1)).clone());
      }
      model.draw(step(8, 9), draws);
      logits.add(model.forward(step(0, 12)).clone());
    }
    return logits;
  }

  /** Positions of one sequence, the last one's logits wanted. */
  private static ForwardBatch step(int from, int to) {
    int[] positions = IntStream.range(from, to).toArray();
    int[] slots = IntStream.of(positions).map(p -> TABLE[p / 4] * 4 + p % 4).toArray();
    int[] tokens = IntStream.of(positions).map(p -> 7 * p % 40).toArray();
    int rows = to - from;
    return new ForwardBatch(
        tokens, positions, slots, new int[] {0, rows}, new int[][] {TABLE}, new int[] {rows - 1});
  }
}
