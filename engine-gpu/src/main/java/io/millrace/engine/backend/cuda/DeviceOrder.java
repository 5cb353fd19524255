package io.millrace.engine.backend.cuda;

import static io.millrace.engine.backend.cuda.CudaCalls.check;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/** Streams, events and graphs of a real device. */
final class DeviceOrder {
  private DeviceOrder() {}

  private static final class Work implements CudaDriver.Stream {
    private final DeviceDriver driver;
    private final CUstream stream = new CUstream();
    private boolean closed;

    Work(DeviceDriver driver) {
      this.driver = driver;
    }

    @Override
    public void synchronize() {
      driver.enter();
      check(JCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");
    }

    @Override
    public void await(CudaDriver.Event event) {
      driver.enter();
      check(JCudaDriver.cuStreamWaitEvent(stream, ((Mark) event).event, 0), "cuStreamWaitEvent");
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        driver.enter();
        check(JCudaDriver.cuStreamDestroy(stream), "cuStreamDestroy");
      }
    }
  }

  private static final class Mark implements CudaDriver.Event {
    private final DeviceDriver driver;
    private final CUevent event = new CUevent();
    private boolean closed;

    Mark(DeviceDriver driver) {
      this.driver = driver;
    }

    @Override
    public void record(CudaDriver.Stream stream) {
      driver.enter();
      check(JCudaDriver.cuEventRecord(event, of(stream)), "cuEventRecord");
    }

    @Override
    public void synchronize() {
      driver.enter();
      check(JCudaDriver.cuEventSynchronize(event), "cuEventSynchronize");
    }

    @Override
    public double millisSince(CudaDriver.Event earlier) {
      driver.enter();
      float[] millis = new float[1];
      check(
          JCudaDriver.cuEventElapsedTime(millis, ((Mark) earlier).event, event),
          "cuEventElapsedTime");
      return millis[0];
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        driver.enter();
        check(JCudaDriver.cuEventDestroy(event), "cuEventDestroy");
      }
    }
  }

  private static final class Recorded implements CudaDriver.Graph {
    private final DeviceDriver driver;
    private final CUgraph graph;
    private final CUgraphExec exec = new CUgraphExec();
    private boolean closed;

    Recorded(DeviceDriver driver, CUgraph graph) {
      this.driver = driver;
      this.graph = graph;
    }

    @Override
    public void launch(CudaDriver.Stream stream) {
      driver.enter();
      check(JCudaDriver.cuGraphLaunch(exec, of(stream)), "cuGraphLaunch");
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        driver.enter();
        check(JCudaDriver.cuGraphExecDestroy(exec), "cuGraphExecDestroy");
        check(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
      }
    }
  }

  static CUstream of(CudaDriver.Stream stream) {
    return ((Work) stream).stream;
  }

  static CudaDriver.Stream stream(DeviceDriver driver) {
    Work work = new Work(driver);
    check(
        JCudaDriver.cuStreamCreate(work.stream, CUstream_flags.CU_STREAM_NON_BLOCKING),
        "cuStreamCreate");
    return work;
  }

  static CudaDriver.Event event(DeviceDriver driver) {
    Mark mark = new Mark(driver);
    check(JCudaDriver.cuEventCreate(mark.event, CUevent_flags.CU_EVENT_DEFAULT), "cuEventCreate");
    return mark;
  }

  static void beginCapture(CudaDriver.Stream stream) {
    check(
        JCudaDriver.cuStreamBeginCapture(
            of(stream), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
        "cuStreamBeginCapture");
  }

  static CudaDriver.Graph endCapture(DeviceDriver driver, CudaDriver.Stream stream) {
    Recorded recorded = new Recorded(driver, new CUgraph());
    check(JCudaDriver.cuStreamEndCapture(of(stream), recorded.graph), "cuStreamEndCapture");
    int code = JCudaDriver.cuGraphInstantiate(recorded.exec, recorded.graph, 0L);
    if (code != CUresult.CUDA_SUCCESS) {
      JCudaDriver.cuGraphDestroy(recorded.graph);
    }
    check(code, "cuGraphInstantiate");
    return recorded;
  }
}
