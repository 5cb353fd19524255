package io.millrace.engine.backend.cuda;

import static io.millrace.engine.backend.cuda.CudaMatmul.ceil;

import io.millrace.engine.backend.cuda.pack.PackedForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Weights that are multiplied with the same activations, one call after the other: up to three go
 * in one launch, so that queries, keys and values fill the device together. A group is held back
 * until something else is launched. Which kernel multiplies depends on the rows; what comes out
 * does not.
 */
final class GemmGroup implements AutoCloseable {
  private static final int MEMBERS_MAX = 3;
  private static final int PARTS_MAX = 3;
  private static final int WARP = 32;

  /** Chunks of K, each summed by itself: {@code SPLITS_MAX} of {@code gemm.cuh}. */
  private static final int SPLITS_MAX = 8;

  // ---- a block of the kernels for few rows
  private static final int ROWS_OF_FEW = 8;
  private static final int OUTPUTS_OF_FEW = 16;

  // ---- a block of the kernels for many: gemm_tile.cuh
  private static final Set<PackedForm> TILED =
      Set.of(PackedForm.W16, PackedForm.W8, PackedForm.W4, PackedForm.W4K);
  private static final int OUTPUTS_OF_TILE = 256;
  private static final int TILE_THREADS = 256;
  private static final int TILE_SHARED_BYTES = 99 << 10;

  private final Kernels kernels;
  private final Launches launches;
  private final Scratch chunks;
  private final int multiprocessors;
  private final List<Member> members = new ArrayList<>();
  private Inputs inputs;

  private record Member(CudaWeight weight, CudaTensor out) {}

  /**
   * Activations as a form's kernels want them.
   *
   * @param first int8, or the upper halves: {@code [paddedRows][columns]}
   * @param second the scales of int8, or the lower halves
   * @param rowScales of halves, else 0
   * @param columns padded
   */
  record Inputs(long first, long second, long rowScales, int rows, int paddedRows, int columns) {}

  GemmGroup(
      Kernels kernels,
      Launches launches,
      CudaMemory memory,
      Runnable beforeFreeing,
      int multiprocessors) {
    this.kernels = kernels;
    this.launches = launches;
    this.chunks = new Scratch(memory, "sums of chunks of weights", beforeFreeing);
    this.multiprocessors = multiprocessors;
  }

  /** Rows are padded to a multiple of what a block multiplies with. */
  static int rowsOfBlock(PackedForm form, int rows) {
    int most = form == PackedForm.W4K ? 32 : 64;
    if (form == PackedForm.ANY && rows > ROWS_OF_FEW) { // has no others
      return most;
    }
    return Math.min(most, Math.max(ROWS_OF_FEW, StepInputs.powerOfTwo(rows)));
  }

  void add(CudaWeight weight, CudaTensor out, Inputs next) {
    if (members.isEmpty() || !fits(weight, out, next)) {
      launches.hold(this::launch); // writes what was held before
      inputs = next;
    }
    members.add(new Member(weight, out));
  }

  private boolean fits(CudaWeight weight, CudaTensor out, Inputs next) {
    return members.size() < MEMBERS_MAX
        && members.get(0).weight().type() == weight.type()
        && inputs.equals(next)
        && members.stream().noneMatch(member -> member.out() == out);
  }

  private void launch() {
    List<Member> group = List.copyOf(members);
    members.clear();
    PackedForm form = group.get(0).weight().form();
    int rowsOfBlock = rowsOfBlock(form, inputs.rows());
    if (rowsOfBlock > ROWS_OF_FEW && TILED.contains(form)) {
      many(group, form, rowsOfBlock);
    } else {
      few(group, form, rowsOfBlock);
    }
  }

  private void few(List<Member> group, PackedForm form, int rowsOfBlock) {
    String module = "gemm_" + form.suffix();
    int warps = Math.min(SPLITS_MAX, inputs.columns() / (form == PackedForm.W2 ? 128 : step(form)));
    launches.begin(
        kernels.get(module, module + "_n" + rowsOfBlock),
        blocks(group, OUTPUTS_OF_FEW),
        inputs.paddedRows() / rowsOfBlock,
        1,
        WARP * warps);
    putGroup(group, OUTPUTS_OF_FEW);
    putInputs();
    launches.integer(inputs.rows()).integer(inputs.columns());
    group.get(0).weight().addLastTo(launches);
    launches.end();
  }

  private void many(List<Member> group, PackedForm form, int rowsOfBlock) {
    String module = "gemm_" + form.suffix() + "_tile";
    int rows = inputs.rows();
    int gridX = blocks(group, OUTPUTS_OF_TILE);
    int gridY = inputs.paddedRows() / rowsOfBlock;
    int splits = Math.min(SPLITS_MAX, inputs.columns() / step(form));
    int shares = shares(gridX * (long) gridY, splits);
    long sums = shares == 1 ? 0 : chunks.reserve(4L * splits * rows * gridX * OUTPUTS_OF_TILE);
    launches.begin(
        kernels.get(module, module + "_n" + rowsOfBlock, TILE_SHARED_BYTES),
        gridX,
        gridY,
        shares,
        TILE_THREADS,
        TILE_SHARED_BYTES);
    putGroup(group, OUTPUTS_OF_TILE);
    putInputs();
    launches.pointer(sums).integer(rows).integer(inputs.columns()).end();
    if (shares > 1) {
      launches.begin(kernels.get("gemm_merge", "gemm_merge"), gridX, rows, 1, OUTPUTS_OF_TILE);
      putGroup(group, OUTPUTS_OF_TILE);
      launches.pointer(sums).pointer(inputs.rowScales()).integer(rows).integer(splits).end();
    }
  }

  /**
   * Into how many shares the chunks are dealt out: more than one if blocks are so few that half of
   * the device would have none, for all chunks' sums then go through memory.
   */
  private int shares(long blocks, int splits) {
    int shares = 1;
    if (2 * blocks <= multiprocessors) {
      while (shares < splits && shares * blocks < multiprocessors) {
        shares = Math.min(splits, 2 * shares);
      }
    }
    return shares;
  }

  /** Columns of a step along K. */
  private static int step(PackedForm form) {
    return form == PackedForm.W16 ? 32 : 64;
  }

  private static int blocks(List<Member> group, int outputs) {
    return group.stream().mapToInt(member -> ceil(member.weight().rows(), outputs)).sum();
  }

  /** {@code Group} of {@code gemm.cuh}. */
  private void putGroup(List<Member> group, int outputsOfBlock) {
    int first = 0;
    for (Member member : group) {
      member.weight().addTo(launches, PARTS_MAX);
      launches.pointer(member.out().address()).integer(member.weight().rows()).integer(first);
      first += ceil(member.weight().rows(), outputsOfBlock);
    }
    for (int i = group.size(); i < MEMBERS_MAX; i++) {
      for (int part = 0; part < PARTS_MAX; part++) {
        launches.pointer(0);
      }
      launches.pointer(0).integer(0).integer(Integer.MAX_VALUE);
    }
  }

  private void putInputs() {
    launches.pointer(inputs.first()).pointer(inputs.second());
    if (inputs.rowScales() != 0) {
      launches.pointer(inputs.rowScales());
    }
  }

  @Override
  public void close() {
    members.clear();
    chunks.close();
  }
}
