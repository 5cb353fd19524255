package io.millrace.engine.backend.cuda.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Kernels that nothing is wrong with give what they should and no complaints. */
class CheckKernelsTest {

  @TestFactory
  Stream<DynamicTest> kernelsComputeWhatTheyShould() {
    String ptx = Resources.text("/cuda/checks.ptx");
    return CheckKernels.all().entrySet().stream()
        .map(check -> DynamicTest.dynamicTest(check.getKey(), () -> check.getValue().accept(ptx)));
  }

  @TestFactory
  Stream<DynamicTest> everyKernelIsChecked() {
    DeviceSpace space = new DeviceSpace(1 << 20);
    PtxModule module = new PtxModule("checks", Resources.text("/cuda/checks.ptx"), space);
    return module.kernels().keySet().stream()
        .map(
            kernel ->
                DynamicTest.dynamicTest(
                    kernel, () -> assertThat(CheckKernels.all()).containsKey(kernel)));
  }
}
