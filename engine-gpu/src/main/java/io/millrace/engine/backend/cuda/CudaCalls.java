package io.millrace.engine.backend.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Locale;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * What all calls of the driver share: return codes that are checked, the context of each thread,
 * and addresses as plain numbers.
 *
 * <p>A device's primary context is kept from its first use to the end of the process: weights
 * outlive the engine that loaded them.
 */
final class CudaCalls {
  private static final ThreadLocal<CUcontext> CURRENT = new ThreadLocal<>();
  private static final CUcontext[] CONTEXTS = new CUcontext[64];
  private static final int BUS_ID_BYTES = 32;
  private static boolean initialised;

  private CudaCalls() {}

  /**
   * @throws CudaException if the code is not success, naming the call and the code
   */
  static void check(int code, String call) {
    if (code != CUresult.CUDA_SUCCESS) {
      throw new CudaException(call + " failed: " + describe(code));
    }
  }

  static String describe(int code) {
    String[] text = new String[1];
    JCudaDriver.cuGetErrorString(code, text);
    String name = CUresult.stringFor(code);
    return name
        + (text[0] == null ? "" : ", " + text[0])
        + (endsTheContext(code) ? "; this process can use the GPU no more" : "");
  }

  /**
   * Whether a code stands for an error of a kernel or of the device: every call after it fails with
   * the same, until the process ends.
   */
  static boolean endsTheContext(int code) {
    return switch (code) {
      case CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
          CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
          CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
          CUresult.CUDA_ERROR_ASSERT,
          CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
          CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
          CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
          CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
          CUresult.CUDA_ERROR_INVALID_PC,
          CUresult.CUDA_ERROR_LAUNCH_FAILED ->
          true;
      default -> false;
    };
  }

  /** Loads and starts the driver, once. */
  static synchronized void initialise() {
    if (!initialised) {
      JCudaNatives.load();
      check(JCudaDriver.cuInit(0), "cuInit");
      initialised = true;
    }
  }

  /** How many devices the driver shows. */
  static int devices() {
    int[] count = new int[1];
    check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
    return count[0];
  }

  static CUdevice device(int index) {
    CUdevice device = new CUdevice();
    check(JCudaDriver.cuDeviceGet(device, index), "cuDeviceGet");
    return device;
  }

  static CudaDriver.Device properties(int index) {
    CUdevice device = device(index);
    byte[] name = new byte[256];
    check(JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName");
    int end = 0;
    while (end < name.length && name[end] != 0) {
      end++;
    }
    long[] memory = new long[1];
    check(JCudaDriver.cuDeviceTotalMem(memory, device), "cuDeviceTotalMem");
    return new CudaDriver.Device(
        index,
        new String(name, 0, end, UTF_8),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        memory[0],
        attribute(
            device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
  }

  /** Such as {@code 0000:65:00.0}. */
  static String pciBusId(int index) {
    String[] text = new String[1];
    check(
        JCudaDriver.cuDeviceGetPCIBusId(text, BUS_ID_BYTES, device(index)), "cuDeviceGetPCIBusId");
    return text[0];
  }

  private static int attribute(CUdevice device, int attribute) {
    int[] value = new int[1];
    check(
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device),
        String.format(Locale.ROOT, "cuDeviceGetAttribute(%d)", attribute));
    return value[0];
  }

  /** The device's primary context. */
  static synchronized CUcontext context(int index) {
    if (CONTEXTS[index] == null) {
      CUcontext context = new CUcontext();
      check(
          JCudaDriver.cuDevicePrimaryCtxRetain(context, device(index)), "cuDevicePrimaryCtxRetain");
      CONTEXTS[index] = context;
    }
    return CONTEXTS[index];
  }

  /** Makes the context that of the calling thread. */
  static void enter(CUcontext context) {
    if (!context.equals(CURRENT.get())) {
      check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
      CURRENT.set(context);
    }
  }

  /** A device pointer of a plain address. */
  static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** A device pointer that the driver sets and that can be read. */
  static final class Allocated extends CUdeviceptr {
    long address() {
      return getNativePointer();
    }
  }

  /** A host pointer that the driver sets and that can be read. */
  static final class Pinned extends Pointer {
    long address() {
      return getNativePointer();
    }
  }
}
