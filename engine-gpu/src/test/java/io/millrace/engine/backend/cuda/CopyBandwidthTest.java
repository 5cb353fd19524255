package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.cuda.ptx.PtxDriver;
import org.junit.jupiter.api.Test;

class CopyBandwidthTest {
  @Test
  void countsWhatIsReadAndWrittenAndGivesItsMemoryBack() {
    try (PtxDriver driver = new PtxDriver(1 << 20)) {
      long free = driver.freeBytes();
      assertThat(CopyBandwidth.bytesPerSecond(driver, 1 << 16)).isPositive();
      assertThat(driver.freeBytes()).isEqualTo(free);
    }
  }
}
