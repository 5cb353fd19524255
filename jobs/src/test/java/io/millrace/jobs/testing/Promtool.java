package io.millrace.jobs.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Prometheus' own judge of a page of metrics: of Debian's package prometheus. */
public final class Promtool {
  private static final InstalledProgram PROMTOOL = new InstalledProgram("promtool");

  private Promtool() {}

  /** Fails if promtool finds anything to say of the page; skips the test where there is none. */
  public static void assertClean(String page) throws IOException, InterruptedException {
    assumeTrue(PROMTOOL.isInstalled(), "skipped: needs promtool");
    assertThat(PROMTOOL.run(Path.of("."), List.of("check", "metrics"), page)).isEmpty();
  }
}
