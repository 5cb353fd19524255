package io.millrace.engine.backend.cuda;

import static io.millrace.engine.backend.cuda.CudaMatmul.ceil;

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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A forward pass on one NVIDIA GPU. Operations are written down as they are called and run together
 * when {@link #read} wants a result or the next step begins (see {@link Launches}); what each does
 * on the device is in {@code src/main/cuda}.
 *
 * <p>Everything is added in an order that depends on a row's own length alone, as the interface
 * asks, whatever the batch: that is what {@code deterministic} means, and it is always on.
 */
public final class CudaBackend implements Backend {
  private static final int ELEMENTWISE_THREADS = 256;
  private static final int READ_BYTES_MAX = 16 << 20;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final CudaMemory memory;
  private final Kernels kernels;
  private final Launches launches;
  private final WeightUpload upload;
  private final StepInputs step;
  private final CudaMatmul matmul;
  private final CudaAttention attention;

  // ---- runtime
  private final Map<Integer, CudaTensor> reordered = new HashMap<>(); // by columns
  private CudaDriver.PinnedMemory results;
  private int blockTokensMin = Integer.MAX_VALUE;
  private boolean closed;

  /** With CUDA graphs. */
  public CudaBackend(CudaDriver driver) {
    this(driver, true);
  }

  /**
   * @param driver the backend's own: closed with it
   * @param graphs whether steps that come again are replayed as CUDA graphs
   */
  public CudaBackend(CudaDriver driver, boolean graphs) {
    this.driver = driver;
    stream = driver.stream();
    memory = new CudaMemory(driver);
    kernels = new Kernels(driver);
    launches = new Launches(driver, stream, kernels, graphs);
    upload = new WeightUpload(driver, stream, memory);
    step = new StepInputs(driver, stream, memory, this::settle);
    matmul = new CudaMatmul(kernels, launches, memory, this::settle);
    attention = new CudaAttention(kernels, launches, memory, this::settle);
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
    driver.fill(range.address(), (byte) 0, bytes, stream);
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
    CudaTensor to = CudaTensor.of(out);
    String suffix = table instanceof CudaWeight weight ? weight.form().suffix() : "f32";
    launches.begin(kernels.get("embed", "embed_" + suffix), step.rows(), 1, 1, 128);
    if (table instanceof CudaWeight weight) {
      weight.addTo(launches);
    } else { // a vocabulary of one
      launches.pointer(CudaTensor.of(table).address());
    }
    launches
        .pointer(step.tokens())
        .pointer(to.address())
        .integer(step.rows())
        .integer(table.columns());
    if (table instanceof CudaWeight weight) {
      weight.addLastTo(launches);
    }
    launches.end();
    matmul.written(to);
  }

  @Override
  public void ropeAngles(Tensor frequencies, float magnitude, Tensor out) {
    int pairs = frequencies.columns();
    launches
        .begin(kernels.get("rope", "rope_angles"), ceil(step.rows() * pairs, 128), 1, 1, 128)
        .pointer(CudaTensor.of(frequencies).address())
        .pointer(step.positions())
        .pointer(CudaTensor.of(out).address())
        .integer(step.rows())
        .integer(pairs)
        .real(magnitude)
        .end();
    matmul.written(CudaTensor.of(out));
  }

  @Override
  public void rmsNorm(int rows, Tensor x, Tensor weight, float epsilon, Tensor out) {
    int n = weight.columns();
    int parts = Math.multiplyExact(rows, x.columns() / n);
    launches
        .begin(kernels.get("norm", "norm_rms"), parts, 1, 1, n <= 256 ? 32 : 256)
        .pointer(CudaTensor.of(x).address())
        .pointer(CudaTensor.of(weight).address())
        .pointer(CudaTensor.of(out).address())
        .integer(parts)
        .integer(n)
        .real(epsilon)
        .end();
    matmul.written(CudaTensor.of(out));
  }

  @Override
  public void matmul(int rows, Tensor weight, Tensor x, Tensor out) {
    matmul.multiply(rows, CudaWeight.of(weight), CudaTensor.of(x), CudaTensor.of(out));
  }

  @Override
  public void rope(Tensor angles, RopePairs pairs, int headDim, Tensor x) {
    int heads = x.columns() / headDim;
    int turned = angles.columns() / 2;
    launches
        .begin(
            kernels.get("rope", "rope_rotate"),
            ceil(Math.multiplyExact(step.rows() * heads, turned), 128),
            1,
            1,
            128)
        .pointer(CudaTensor.of(angles).address())
        .pointer(CudaTensor.of(x).address())
        .integer(step.rows())
        .integer(heads)
        .integer(headDim)
        .integer(turned)
        .integer(pairs == RopePairs.INTERLEAVED ? 1 : 0)
        .end();
    matmul.written(CudaTensor.of(x));
  }

  @Override
  public void storeKv(Tensor k, Tensor v, KvCache cache, int layer) {
    attention.store(step, CudaTensor.of(k), CudaTensor.of(v), CudaKvCache.of(cache), layer);
  }

  @Override
  public void attention(Tensor q, KvCache cache, int layer, AttentionSpec spec, Tensor out) {
    attention.attend(
        step, CudaTensor.of(q), CudaKvCache.of(cache), layer, spec, CudaTensor.of(out));
    matmul.written(CudaTensor.of(out));
  }

  @Override
  public void glu(Activation activation, int rows, Tensor gate, Tensor up) {
    int n = elements(rows, gate);
    elementwise("swiglu", "swiglu", n, gate)
        .pointer(CudaTensor.of(up).address())
        .integer(n)
        .integer(
            switch (activation) {
              case SILU -> 0;
              case GELU_TANH -> 1;
              case RELU_SQUARED -> 2;
            })
        .end();
  }

  @Override
  public void add(int rows, Tensor x, Tensor y) {
    int n = elements(rows, x);
    elementwise("elementwise", "add", n, x).pointer(CudaTensor.of(y).address()).integer(n).end();
  }

  @Override
  public void addBias(int rows, Tensor x, Tensor bias) {
    int n = elements(rows, x);
    elementwise("elementwise", "add_bias", n, x)
        .pointer(CudaTensor.of(bias).address())
        .integer(n)
        .integer(x.columns())
        .end();
  }

  @Override
  public void scale(int rows, Tensor x, float factor) {
    int n = elements(rows, x);
    elementwise("elementwise", "scale", n, x).integer(n).real(factor).end();
  }

  @Override
  public void softCap(int rows, Tensor x, float cap) {
    int n = elements(rows, x);
    elementwise("elementwise", "soft_cap", n, x).integer(n).real(cap).end();
  }

  /** Begins a kernel that changes x in place, with x as its first parameter. */
  private Launches elementwise(String module, String kernel, int n, Tensor x) {
    CudaTensor to = CudaTensor.of(x);
    matmul.written(to);
    return launches
        .begin(kernels.get(module, kernel), ceil(n, ELEMENTWISE_THREADS), 1, 1, ELEMENTWISE_THREADS)
        .pointer(to.address());
  }

  private static int elements(int rows, Tensor x) {
    return Math.multiplyExact(rows, x.columns());
  }

  @Override
  public Tensor reorder(int rows, Tensor x, Tensor order) {
    CudaTensor out = reordered.get(x.columns());
    if (out == null || out.rows() < rows) {
      if (out != null) {
        out.close();
      }
      out = CudaTensor.of(activations(StepInputs.powerOfTwo(rows), x.columns()));
      reordered.put(x.columns(), out);
    }
    launches
        .begin(kernels.get("elementwise", "reorder"), rows, 1, 1, ELEMENTWISE_THREADS)
        .pointer(CudaTensor.of(x).address())
        .pointer(CudaTensor.of(order).address())
        .pointer(out.address())
        .integer(rows)
        .integer(x.columns())
        .end();
    matmul.written(out);
    return out;
  }

  @Override
  public void gather(Tensor x, Tensor out) {
    int rows = step.wanted();
    if (rows == 0) {
      return;
    }
    launches
        .begin(kernels.get("elementwise", "gather"), rows, 1, 1, ELEMENTWISE_THREADS)
        .pointer(CudaTensor.of(x).address())
        .pointer(step.logitsRows())
        .pointer(CudaTensor.of(out).address())
        .integer(rows)
        .integer(x.columns())
        .end();
    matmul.written(CudaTensor.of(out));
  }

  @Override
  public void read(int rows, Tensor x, float[] into) {
    launches.run();
    long from = CudaTensor.of(x).address();
    int elements = elements(rows, x);
    int piece = Math.min(elements, READ_BYTES_MAX / 4);
    ByteBuffer buffer = results(4 * piece);
    for (int at = 0; at < elements; at += piece) {
      int count = Math.min(piece, elements - at);
      driver.copyToHost(results, 0, from + 4L * at, 4 * count, stream);
      stream.synchronize();
      buffer.asFloatBuffer().get(0, into, at, count);
    }
  }

  private ByteBuffer results(int bytes) {
    if (results == null || results.buffer().capacity() < bytes) {
      if (results != null) {
        results.close();
      }
      results = driver.allocatePinned(StepInputs.powerOfTwo(Math.max(4096, bytes)));
    }
    return results.buffer();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    launches.discard(); // what it works on may be gone
    stream.synchronize();
    closed = true;
    reordered.values().forEach(CudaTensor::close);
    matmul.close();
    attention.close();
    step.close();
    upload.close();
    if (results != null) {
      results.close();
    }
    launches.close();
    kernels.close();
    stream.close();
    driver.close();
  }
}
