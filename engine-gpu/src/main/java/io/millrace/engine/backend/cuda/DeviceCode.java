package io.millrace.engine.backend.cuda;

import static io.millrace.engine.backend.cuda.CudaCalls.check;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;

/**
 * Modules, kernels and their launch on a real device.
 *
 * <p>A driver takes up to seconds to assemble a module, and keeps none that is unloaded unless it
 * has a folder to write to. So a module is loaded once for a device and stays, as its context does.
 */
final class DeviceCode {
  private static final int LOG_BYTES = 8 << 10;

  /** At most as many as there are texts: the jar's. */
  private static final Map<Text, Loaded> LOADED = new HashMap<>();

  private record Text(int device, ByteBuffer ptx) {}

  private DeviceCode() {}

  static CudaDriver.Module load(DeviceDriver driver, String name, byte[] ptx) {
    Text text = new Text(driver.device().index(), ByteBuffer.wrap(ptx.clone()));
    synchronized (LOADED) {
      Loaded module = LOADED.get(text);
      if (module == null) {
        module = assemble(driver, name, ptx);
        LOADED.put(text, module);
      }
      return module;
    }
  }

  private static Loaded assemble(DeviceDriver driver, String name, byte[] ptx) {
    CUmodule module = new CUmodule();
    byte[] text = Arrays.copyOf(ptx, ptx.length + 1); // ends with a 0
    JITOptions options = new JITOptions();
    options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, new byte[LOG_BYTES]);
    options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
    int code = JCudaDriver.cuModuleLoadDataJIT(module, Pointer.to(text), options);
    if (code != CUresult.CUDA_SUCCESS) {
      String log = options.getString(CUjit_option.CU_JIT_ERROR_LOG_BUFFER);
      throw new CudaException(
          "the kernels "
              + name
              + " do not load: "
              + CudaCalls.describe(code)
              + (log == null || log.isBlank() ? "" : ": " + log.strip().replace('\n', ' ')));
    }
    return new Loaded(driver, name, module, PtxParameters.of(ptx));
  }

  private static final class Loaded implements CudaDriver.Module {
    private final DeviceDriver driver;
    private final String name;
    private final CUmodule module;
    private final Map<String, Integer> parameterBytes;

    Loaded(DeviceDriver driver, String name, CUmodule module, Map<String, Integer> parameterBytes) {
      this.driver = driver;
      this.name = name;
      this.module = module;
      this.parameterBytes = parameterBytes;
    }

    @Override
    public CudaDriver.Function function(String of) {
      driver.enter();
      CUfunction function = new CUfunction();
      int code = JCudaDriver.cuModuleGetFunction(function, module, of);
      if (code != CUresult.CUDA_SUCCESS || !parameterBytes.containsKey(of)) {
        throw new CudaException(
            "the kernels " + name + " have no " + of + ": " + CudaCalls.describe(code));
      }
      return new Kernel(driver, of, function, parameterBytes.get(of));
    }

    @Override
    public void close() {
      // It stays for whoever loads it next.
    }
  }

  private record Kernel(DeviceDriver driver, String name, CUfunction function, int parameterBytes)
      implements CudaDriver.Function {

    @Override
    public int registers() {
      return attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS);
    }

    @Override
    public int localBytes() {
      return attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
    }

    @Override
    public int staticSharedBytes() {
      return attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
    }

    private int attribute(int attribute) {
      driver.enter();
      int[] value = new int[1];
      check(JCudaDriver.cuFuncGetAttribute(value, attribute, function), "cuFuncGetAttribute");
      return value[0];
    }

    @Override
    public void allowSharedBytes(int bytes) {
      driver.enter();
      check(
          JCudaDriver.cuFuncSetAttribute(
              function,
              CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
              bytes),
          "cuFuncSetAttribute");
    }
  }

  /**
   * A parameter block in pinned memory, and behind it what cuLaunchKernel takes as {@code extra}:
   * {@code [1, block, 2, size, 0]}, all made once, so that a launch converts and allocates nothing.
   */
  static final class Block implements CudaDriver.Parameters {
    private static final int EXTRA_BYTES = 6 * 8;
    private final CudaDriver.PinnedMemory memory;
    private final ByteBuffer buffer;
    private final Pointer extra;

    Block(CudaDriver.PinnedMemory memory, CudaDriver.Function function) {
      this.memory = memory;
      int size = function.parameterBytes();
      int after = (size + 7) / 8 * 8;
      buffer = memory.buffer().slice(0, size).order(memory.buffer().order());
      CudaCalls.Pinned pointer = DeviceDriver.pointer(memory);
      ByteBuffer all = memory.buffer();
      all.putLong(after, size);
      all.putLong(after + 8, 1); // CU_LAUNCH_PARAM_BUFFER_POINTER
      all.putLong(after + 16, pointer.address());
      all.putLong(after + 24, 2); // CU_LAUNCH_PARAM_BUFFER_SIZE
      all.putLong(after + 32, pointer.address() + after);
      all.putLong(after + 40, 0); // CU_LAUNCH_PARAM_END
      extra = pointer.withByteOffset(after + 8);
    }

    static int bytes(CudaDriver.Function function) {
      return (function.parameterBytes() + 7) / 8 * 8 + EXTRA_BYTES;
    }

    @Override
    public ByteBuffer buffer() {
      return buffer;
    }

    @Override
    public void close() {
      memory.close();
    }
  }

  static void launch(
      CudaDriver.Function function,
      LaunchShape shape,
      CudaDriver.Parameters parameters,
      CudaDriver.Stream stream) {
    int code =
        JCudaDriver.cuLaunchKernel(
            ((Kernel) function).function(),
            shape.gridX(),
            shape.gridY(),
            shape.gridZ(),
            shape.blockX(),
            shape.blockY(),
            shape.blockZ(),
            shape.sharedBytes(),
            DeviceOrder.of(stream),
            null,
            ((Block) parameters).extra);
    if (code != CUresult.CUDA_SUCCESS) {
      throw new CudaException(
          "cuLaunchKernel of "
              + function.name()
              + " with "
              + shape
              + " failed: "
              + CudaCalls.describe(code));
    }
  }
}
