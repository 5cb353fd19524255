package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.Activation;
import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.DeviceMeters;
import io.millrace.engine.backend.KvCache;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.RopePairs;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.TensorData;
import io.millrace.engine.backend.cuda.nvml.Nvml;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.quant.RowDecoder;
import io.millrace.engine.sampling.RowDraws;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A forward pass on one NVIDIA GPU. Operations are written down as they are called and run together
 * when {@link #read} wants a result or the next step begins (see {@link Launches}); what each does
 * on the device is in {@code src/main/cuda}.
 *
 * <p>Everything is added in an order that depends on a row's own length alone, as the interface
 * asks, whatever the batch. Only a backend that need not be deterministic computes the attention of
 * chunks otherwise, with keys and values rounded to binary16.
 */
public final class CudaBackend implements Backend {
  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final CudaMemory memory;
  private final Kernels kernels;
  private final Launches launches;
  private final WeightUpload upload;
  private final StepInputs step;
  private final CudaMatmul matmul;
  private final CudaAttention attention;
  private final CudaChunkAttention chunks; // null if deterministic
  private final CudaRows rows;
  private final CudaElementwise elementwise;
  private final RowFusion fusion;
  private final CudaSampling sampling;
  private final CudaResults results;

  // ---- runtime
  private final Map<Integer, CudaTensor> reordered = new HashMap<>(); // by columns
  private int blockTokensMin = Integer.MAX_VALUE;
  private boolean closed;

  /** With CUDA graphs. */
  public CudaBackend(CudaDriver driver) {
    this(driver, true, true);
  }

  /**
   * @param driver the backend's own: closed with it
   * @param graphs whether steps that come again are replayed as CUDA graphs
   * @param deterministic whether rows come out the same in any company
   */
  public CudaBackend(CudaDriver driver, boolean graphs, boolean deterministic) {
    this.driver = driver;
    stream = driver.stream();
    memory = new CudaMemory(driver);
    kernels = new Kernels(driver);
    launches = new Launches(driver, stream, kernels, graphs);
    upload = new WeightUpload(driver, stream, memory);
    step = new StepInputs(driver, stream, memory, this::settle);
    matmul =
        new CudaMatmul(kernels, launches, memory, this::settle, driver.device().multiprocessors());
    attention = new CudaAttention(kernels, launches, memory, this::settle);
    chunks = deterministic ? null : new CudaChunkAttention(kernels, launches, attention);
    rows = new CudaRows(kernels, launches, matmul);
    elementwise = new CudaElementwise(kernels, launches, matmul);
    fusion = new RowFusion(kernels, launches, matmul, rows, elementwise, attention);
    results = new CudaResults(driver, stream);
    sampling = new CudaSampling(driver, stream, kernels, launches, memory, this::settle);
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public Optional<DeviceMeters> meters() {
    return driver.pciBusId().flatMap(Nvml::meters);
  }

  @Override
  public boolean supports(GgmlType type) {
    return RowDecoder.supports(type);
  }

  /** The device, in words: for logs. */
  public String device() {
    CudaDriver.Device device = driver.device();
    return "GPU %d, %s, compute capability %d.%d, %d MiB"
        .formatted(
            device.index(),
            device.name(),
            device.major(),
            device.minor(),
            device.memoryBytes() >> 20);
  }

  /** Kernels launched and graphs replayed so far: for tests and measurements. */
  Launches launches() {
    return launches;
  }

  /** What all of its work is in order of: another stream may come before it. */
  CudaDriver.Stream stream() {
    return stream;
  }

  /** Runs what was asked for, so that memory it uses can be freed: that waits for the device. */
  private void settle() {
    if (!closed) {
      launches.run();
      stream.synchronize();
    }
  }

  // ---- storage

  @Override
  public Tensor weight(String name, GgmlType type, int rows, int columns, TensorData data)
      throws IOException {
    if (!supports(type)) {
      throw new IllegalArgumentException(
          "tensor " + name + " is " + type + ", for which cuda has no kernels");
    }
    if (rows < 1 || columns < 1 || columns % type.blockElements() != 0) {
      throw new IllegalArgumentException(
          "tensor " + name + " is " + rows + " x " + columns + ", which " + type + " cannot hold");
    }
    return rows == 1
        ? upload.vector(name, type, columns, data)
        : upload.matrix(name, type, rows, columns, data);
  }

  @Override
  public Tensor activations(int rows, int columns) {
    long bytes = 4L * rows * columns;
    CudaMemory.Range range =
        memory.allocate(
            CudaMemory.Use.ACTIVATIONS, "activations of " + rows + " x " + columns, bytes);
    try {
      driver.fill(range.address(), (byte) 0, bytes, stream);
    } catch (RuntimeException e) {
      range.close();
      throw e;
    }
    return new CudaTensor(rows, columns, range, this::settle);
  }

  @Override
  public KvCache kvCache(
      KvType type, int layers, int blocks, int blockTokens, int kvHeads, int headDim) {
    if (CudaAttention.width(headDim).isEmpty()) {
      throw new IllegalArgumentException(
          "cuda has no kernels for attention heads of " + headDim + " elements");
    }
    blockTokensMin = Math.min(blockTokensMin, blockTokens);
    return new CudaKvCache(
        memory, type, layers, blocks, blockTokens, kvHeads, headDim, this::settle);
  }

  // ---- one step

  @Override
  public void begin(ForwardBatch batch) {
    launches.run();
    matmul.forget();
    step.send(batch, Math.min(blockTokensMin, 1 << 20));
  }

  @Override
  public void embed(Tensor table, Tensor out) {
    rows.embed(step, table, CudaTensor.of(out));
  }

  @Override
  public void ropeAngles(Tensor frequencies, float magnitude, Tensor out) {
    rows.ropeAngles(step, CudaTensor.of(frequencies), magnitude, CudaTensor.of(out));
  }

  @Override
  public void rmsNorm(int count, Tensor x, Tensor weight, float epsilon, Tensor out) {
    fusion.norm(count, CudaTensor.of(x), CudaTensor.of(weight), epsilon, CudaTensor.of(out));
  }

  @Override
  public void matmul(int count, Tensor weight, Tensor x, Tensor out) {
    matmul.multiply(count, CudaWeight.of(weight), CudaTensor.of(x), CudaTensor.of(out));
  }

  @Override
  public void rope(Tensor angles, RopePairs pairs, int headDim, Tensor x) {
    fusion.rope(step, CudaTensor.of(angles), pairs, headDim, CudaTensor.of(x));
  }

  @Override
  public void storeKv(Tensor k, Tensor v, KvCache cache, int layer) {
    fusion.store(step, CudaTensor.of(k), CudaTensor.of(v), CudaKvCache.of(cache), layer);
  }

  @Override
  public void attention(Tensor q, KvCache cache, int layer, AttentionSpec spec, Tensor out) {
    CudaTensor from = CudaTensor.of(q);
    CudaTensor to = CudaTensor.of(out);
    if (chunks == null) {
      attention.attend(step, from, CudaKvCache.of(cache), layer, spec, to);
    } else {
      chunks.attend(step, from, CudaKvCache.of(cache), layer, spec, to);
    }
    matmul.written(CudaTensor.of(out));
  }

  @Override
  public void glu(Activation activation, int count, Tensor gate, Tensor up) {
    elementwise.glu(activation, count, CudaTensor.of(gate), CudaTensor.of(up));
  }

  @Override
  public void add(int count, Tensor x, Tensor y) {
    fusion.add(count, CudaTensor.of(x), CudaTensor.of(y));
  }

  @Override
  public void addBias(int count, Tensor x, Tensor bias) {
    elementwise.addBias(count, CudaTensor.of(x), CudaTensor.of(bias));
  }

  @Override
  public void scale(int count, Tensor x, float factor) {
    elementwise.scale(count, CudaTensor.of(x), factor);
  }

  @Override
  public void softCap(int count, Tensor x, float cap) {
    elementwise.softCap(count, CudaTensor.of(x), cap);
  }

  @Override
  public Tensor reorder(int count, Tensor x, Tensor order) {
    CudaTensor out = reordered.get(x.columns());
    if (out == null || out.rows() < count) {
      if (out != null) {
        reordered.remove(x.columns());
        out.close();
      }
      out = CudaTensor.of(activations(StepInputs.powerOfTwo(count), x.columns()));
      reordered.put(x.columns(), out);
    }
    rows.reorder(count, CudaTensor.of(x), CudaTensor.of(order), out);
    return out;
  }

  @Override
  public void gather(Tensor x, Tensor out) {
    if (step.wanted() > 0) {
      rows.gather(step, CudaTensor.of(x), CudaTensor.of(out));
    }
  }

  @Override
  public void read(int count, Tensor x, float[] into) {
    launches.run();
    CudaTensor from = CudaTensor.of(x);
    results.read(from.address(), from.elements(count), into);
  }

  @Override
  public boolean draws() {
    return true;
  }

  @Override
  public void draw(Tensor logits, RowDraws draws, int[] tokens) {
    sampling.draw(CudaTensor.of(logits), draws, tokens);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    List<Runnable> closings = new ArrayList<>();
    closings.add(launches::discard); // what it works on may be gone
    closings.add(stream::synchronize);
    reordered.values().forEach(tensor -> closings.add(tensor::close));
    closings.add(matmul::close);
    closings.add(attention::close);
    closings.add(sampling::close);
    closings.add(step::close);
    closings.add(upload::close);
    closings.add(results::close);
    closings.add(launches::close);
    closings.add(kernels::close);
    closings.add(stream::close);
    closings.add(driver::close);
    Closing.all(closings);
  }
}
