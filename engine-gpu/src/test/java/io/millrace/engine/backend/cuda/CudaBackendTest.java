package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.cuda.ptx.PtxDriver;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.ToyLlama;
import io.millrace.engine.model.Transformer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the CUDA backend runs steps and what it says when there is no room. */
class CudaBackendTest {
  private static final int[] TABLE = {3, 1};

  @TempDir Path folder;

  @Test
  void stepsThatComeAgainAreReplayedAsGraphs() throws Exception {
    Path path = ToyLlama.of(GgmlType.Q4_0).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        CudaBackend graphs = new CudaBackend(new PtxDriver(64 << 20));
        CudaBackend plain = new CudaBackend(new PtxDriver(64 << 20), false, true);
        Transformer replayed = Transformer.load(file, graphs, 4, 4, 8);
        Transformer launched = Transformer.load(file, plain, 4, 4, 8)) {
      for (int position = 0; position < 5; position++) {
        float[] expected = launched.forward(step(position)).clone();
        assertThat(replayed.forward(step(position))).isEqualTo(expected);
      }
      // The first step makes the scratch memory, the second is launched, the third captured; with
      // the fifth position the block table widens.
      assertThat(graphs.launches().replayed()).isEqualTo(2);
      assertThat(plain.launches().replayed()).isZero();
      assertThat(graphs.launches().launched()).isEqualTo(plain.launches().launched() / 5 * 4);
      // Queries, keys and values are one launch, gate and up another; two rotations and the way
      // into
      // the cache are one, and each residual goes with the norm after it.
      int layers = replayed.config().layers();
      assertThat(plain.launches().launched() / 5).isEqualTo(7 + 14 * layers);
    }
  }

  /** Token 7 at a position of one sequence. */
  private static ForwardBatch step(int position) {
    int slot = TABLE[position / 4] * 4 + position % 4;
    return new ForwardBatch(
        new int[] {7},
        new int[] {position},
        new int[] {slot},
        new int[] {0, 1},
        new int[][] {TABLE},
        new int[] {0});
  }

  @Test
  void whoRunsOutOfMemoryReadsWhereItWent() throws Exception {
    try (Backend backend = new CudaBackend(new PtxDriver(4 << 20))) {
      Tensor taken = backend.activations(256, 1024);
      assertThatThrownBy(() -> backend.kvCache(KvType.F32, 2, 256, 16, 2, 64))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no memory for a KV cache of 4096 tokens (F32, 2 layers)")
          .hasMessageContaining("4.0 MiB wanted")
          .hasMessageContaining("3.0 of 4.0 MiB free")
          .hasMessageContaining("1.0 of activations")
          .hasMessageContaining("the rest by weights that engines share")
          .hasMessageNotContaining("\n");
      taken.close();
    }
  }

  @Test
  void refusesWhatItsKernelsCannotDo() throws Exception {
    try (Backend backend = new CudaBackend(new PtxDriver(4 << 20))) {
      assertThatThrownBy(() -> backend.kvCache(KvType.F32, 1, 1, 16, 1, 300))
          .hasMessage("cuda has no kernels for attention heads of 300 elements");
      assertThat(backend.supports(GgmlType.Q4_K)).isTrue();
      assertThat(backend.supports(GgmlType.I32)).isFalse();
      assertThatThrownBy(() -> backend.weight("ids", GgmlType.I32, 2, 2, (o, into, n) -> {}))
          .hasMessage("tensor ids is I32, for which cuda has no kernels");
    }
  }
}
