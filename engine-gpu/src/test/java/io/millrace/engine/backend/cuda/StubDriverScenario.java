package io.millrace.engine.backend.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What {@link StubDriverTest} runs in a process of its own: every call that the host code makes.
 */
final class StubDriverScenario {
  private static final String PTX =
      """
      .version 8.0
      .visible .entry stub_add(
        .param .u64 stub_add_param_0,
        .param .u64 stub_add_param_1,
        .param .u32 stub_add_param_2,
        .param .f32 stub_add_param_3
      )
      { ret; }
      """;

  private StubDriverScenario() {}

  public static void main(String[] arguments) throws Exception {
    assertThatThrownBy(() -> DeviceDriver.open(1)).hasMessage("no GPU 1: the driver shows 0 to 0");
    try (DeviceDriver driver = DeviceDriver.open(0);
        CudaDriver.Stream stream = driver.stream();
        CudaDriver.Event event = driver.event();
        CudaDriver.PinnedMemory pinned = driver.allocatePinned(64);
        CudaDriver.DeviceMemory x = driver.allocate("x", 16);
        CudaDriver.DeviceMemory y = driver.allocate("y", 16);
        CudaDriver.Module module = driver.load("stub", PTX.getBytes(UTF_8));
        CudaDriver.Parameters parameters = driver.parameters(module.function("stub_add"))) {
      assertThat(driver.device()).isEqualTo(new CudaDriver.Device(0, "Stub", 8, 6, 3, 1 << 20, 99));
      assertThat(driver.freeBytes()).isEqualTo(1 << 19);

      CudaDriver.Function add = module.function("stub_add");
      assertThat(add.parameterBytes()).isEqualTo(24);
      assertThat(add.registers()).isEqualTo(44);
      assertThat(add.localBytes()).isEqualTo(43);
      assertThat(add.staticSharedBytes()).isEqualTo(41);
      add.allowSharedBytes(65_536);
      module.close(); // loaded once for all
      assertThat(driver.load("again", PTX.getBytes(UTF_8))).isSameAs(module);

      for (int i = 0; i < 4; i++) {
        pinned.buffer().putFloat(16 + 4 * i, 10 * i);
      }
      driver.copyToDevice(x.address(), pinned, 16, 16, stream);
      driver.fill(y.address(), (byte) 0, 16, stream);
      pinned.buffer().putFloat(0, 1.5f);
      driver.copyToDevice(y.address() + 8, pinned, 0, 4, stream); // y = 0 0 1.5 0
      event.record(stream);
      stream.await(event);
      parameters
          .buffer()
          .putLong(0, x.address())
          .putLong(8, y.address())
          .putInt(16, 4)
          .putFloat(20, 2f);
      LaunchShape shape = new LaunchShape(2, 3, 4, 32, 1, 1, 0);
      driver.launch(add, shape, parameters, stream); // x = 0 10 23 30
      driver.beginCapture(stream);
      driver.launch(add, shape, parameters, stream);
      CudaDriver.Graph graph = driver.endCapture(stream);
      graph.launch(stream); // x = 0 10 26 30
      graph.launch(stream); // x = 0 10 29 30
      graph.close();
      driver.copyOnDevice(y.address(), x.address() + 8, 4, stream); // y = 29 0 1.5 0
      driver.copyToHost(pinned, 32, x.address(), 16, stream);
      driver.copyToHost(pinned, 48, y.address(), 16, stream);
      event.synchronize();
      assertThat(event.millisSince(event)).isEqualTo(1.5);

      Thread other = new Thread(stream::synchronize); // a context is a thread's
      other.start();
      other.join();
      float[] read = new float[8];
      pinned.buffer().asFloatBuffer().get(8, read);
      assertThat(read).containsExactly(0, 10, 29, 30, 29, 0, 1.5f, 0);

      assertThatThrownBy(() -> driver.allocate("a lot", 1 << 21))
          .hasMessage(
              "cuMemAlloc of 2097152 bytes for a lot failed: CUDA_ERROR_OUT_OF_MEMORY, out of"
                  + " memory, 524288 bytes are free");
      assertThatThrownBy(() -> driver.load("broken", "no text".getBytes(UTF_8)))
          .hasMessageContaining("the kernels broken do not load: CUDA_ERROR_INVALID_PTX")
          .hasMessageContaining("stub: no .version");
      assertThatThrownBy(() -> CudaCalls.check(700, "cuStreamSynchronize"))
          .hasMessageStartingWith("cuStreamSynchronize failed: CUDA_ERROR_ILLEGAL_ADDRESS")
          .hasMessageEndingWith("; this process can use the GPU no more");
      assertThatThrownBy(() -> module.function("other"))
          .hasMessageStartingWith("the kernels stub have no other");
      assertThatThrownBy(() -> driver.launch(add, LaunchShape.of(1, 1), parameters, stream))
          .hasMessageContaining("cuLaunchKernel of stub_add")
          .hasMessageContaining("CUDA_ERROR_INVALID_VALUE");
      assertThatThrownBy(() -> driver.copyToDevice(x.address(), pinned, 60, 8, stream))
          .isInstanceOf(IllegalArgumentException.class);
    }
    System.out.println("all calls made");
  }
}
