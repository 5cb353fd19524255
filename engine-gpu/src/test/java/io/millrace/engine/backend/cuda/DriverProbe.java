package io.millrace.engine.backend.cuda;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Stands between host code and a driver. It counts what is open, fails an allocation if told to,
 * refuses what was closed, and does copies and launches as late as a device may: when the host
 * waits for their stream. So staging memory that is filled again too soon gives another result, and
 * so does one stream that reads or writes what another is still to write.
 */
final class DriverProbe {
  private static final Set<String> LATE =
      Set.of("copyToDevice", "copyToHost", "copyOnDevice", "fill", "record");

  /** What takes memory or handles, and so may fail. */
  private static final Set<String> TAKING =
      Set.of("allocate", "allocatePinned", "parameters", "event", "stream", "load");

  /** What may be asked of memory that was given back: for the books. */
  private static final Set<String> KNOWN = Set.of("address", "bytes");

  private final CudaDriver driver;
  private final int failingAllocation;
  private final IdentityHashMap<CudaDriver.Stream, List<Runnable>> late = new IdentityHashMap<>();

  /** Where events were recorded last. */
  private final IdentityHashMap<Object, CudaDriver.Stream> marked = new IdentityHashMap<>();

  private int allocations;
  private int open;
  private boolean capturing;

  /**
   * @param failingAllocation which of the calls that take something fails, from 1; 0 for none
   */
  DriverProbe(CudaDriver driver, int failingAllocation) {
    this.driver = driver;
    this.failingAllocation = failingAllocation;
  }

  /** The driver to give to host code. */
  CudaDriver driver() {
    return proxy(CudaDriver.class, driver, false);
  }

  /** What was made and not closed. */
  int open() {
    return open;
  }

  int allocations() {
    return allocations;
  }

  private <T> T proxy(Class<T> type, T target, boolean counted) {
    open += counted ? 1 : 0;
    Probed handler = new Probed(target, counted);
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private void runLate(CudaDriver.Stream stream) {
    List<Runnable> due = late.remove(stream);
    if (due != null) {
      due.forEach(Runnable::run);
    }
  }

  private static CudaDriver.Stream streamOf(Object[] arguments) {
    return (CudaDriver.Stream)
        Arrays.stream(arguments)
            .filter(CudaDriver.Stream.class::isInstance)
            .findFirst()
            .orElseThrow();
  }

  private final class Probed implements InvocationHandler {
    private final Object target;
    private final boolean counted;
    private boolean closed;

    Probed(Object target, boolean counted) {
      this.target = target;
      this.counted = counted;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      String name = method.getName();
      if (name.equals("close")) {
        open -= counted && !closed ? 1 : 0;
        boolean again = closed;
        closed = true;
        return again ? null : call(method, target, null);
      }
      if (closed && !KNOWN.contains(name)) {
        throw new AssertionError(name + " of something closed: " + target);
      }
      Object[] plain = arguments == null ? null : arguments.clone();
      List<Probed> used = new ArrayList<>();
      for (int i = 0; plain != null && i < plain.length; i++) {
        if (plain[i] != null && Proxy.isProxyClass(plain[i].getClass())) {
          Probed of = (Probed) Proxy.getInvocationHandler(plain[i]);
          used.add(of);
          plain[i] = of.target;
        }
      }
      return order(method, name, plain, used);
    }

    private Object order(Method method, String name, Object[] plain, List<Probed> used)
        throws Throwable {
      switch (name) {
        case "beginCapture" -> capturing = true;
        case "endCapture" -> capturing = false;
        case "synchronize" ->
            runLate(target instanceof CudaDriver.Stream stream ? stream : marked.get(target));
        case "await" -> runLate(marked.get(plain[0])); // as early as it may be
        default -> {}
      }
      boolean launches = name.equals("launch");
      if ((launches || LATE.contains(name)) && !capturing) {
        Object[] kept = launches && plain.length == 4 ? withParametersNow(plain) : plain;
        CudaDriver.Stream stream = streamOf(plain);
        if (name.equals("record")) {
          marked.put(target, stream);
        }
        Runnable work =
            () -> {
              used.stream()
                  .filter(of -> of.closed)
                  .forEach(
                      of -> {
                        throw new AssertionError(name + " is still to use " + of.target);
                      });
              callUnchecked(method, target, kept);
            };
        late.computeIfAbsent(stream, none -> new ArrayList<>()).add(work);
        return null;
      }
      if (TAKING.contains(name) && ++allocations == failingAllocation) {
        throw new CudaException("out of memory, as the test wants");
      }
      return wrapped(method.getReturnType(), call(method, target, plain));
    }

    /** A launch reads its parameters when it is called. */
    private Object[] withParametersNow(Object[] arguments) {
      CudaDriver.Function function = (CudaDriver.Function) arguments[0];
      CudaDriver.Parameters now = driver.parameters(function);
      ByteBuffer from = ((CudaDriver.Parameters) arguments[2]).buffer();
      now.buffer().put(0, from, 0, function.parameterBytes());
      return new Object[] {function, arguments[1], now, arguments[3]};
    }

    private Object wrapped(Class<?> type, Object result) {
      boolean resource = result != null && AutoCloseable.class.isAssignableFrom(type);
      return resource ? proxyOf(type, result) : result;
    }

    private <T> T proxyOf(Class<T> type, Object result) {
      return proxy(type, type.cast(result), true);
    }
  }

  private static void callUnchecked(Method method, Object target, Object[] arguments) {
    try {
      call(method, target, arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static Object call(Method method, Object target, Object[] arguments) throws Throwable {
    try {
      method.setAccessible(true);
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
