package io.millrace.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** With real processes. */
@Timeout(120)
class ChildMainTest {
  private Process child;

  /** Never ends by itself. */
  static final class Sleeper {
    public static void main(String[] args) throws InterruptedException {
      System.out.println("hello " + args[0]);
      new CountDownLatch(1).await();
    }
  }

  /** Leaves a thread behind that would keep it alive. */
  static final class Failing {
    public static void main(String[] args) {
      new Thread(
              () -> {
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              })
          .start();
      throw new IllegalStateException("no");
    }
  }

  @AfterEach
  void end() {
    child.destroyForcibly();
  }

  @Test
  void endsWithItsParent() throws Exception {
    start(Sleeper.class, "there");
    var out =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
    assertThat(out.readLine()).isEqualTo("hello there");
    assertThat(child.isAlive()).isTrue();
    // What the system does when a parent dies, in whatever way.
    child.getOutputStream().close();
    assertThat(child.waitFor(100, TimeUnit.SECONDS)).isTrue();
    assertThat(child.exitValue()).isEqualTo(70);
  }

  @Test
  void endsWhenItsMainMethodFails() throws Exception {
    start(Failing.class, "");
    assertThat(child.waitFor(100, TimeUnit.SECONDS)).isTrue();
    assertThat(child.exitValue()).isEqualTo(1);
  }

  private void start(Class<?> main, String argument) throws Exception {
    child =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    ChildMain.class.getName(),
                    main.getName(),
                    argument))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
  }
}
