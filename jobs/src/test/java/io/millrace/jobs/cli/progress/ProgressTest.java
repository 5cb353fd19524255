package io.millrace.jobs.cli.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressTest {

  @Test
  void oneLineSaysAll() {
    Progress progress =
        new Progress(1_200, OptionalLong.of(4_000), 200, 310, 85_000, usd("0.00123456"), 0, 100);
    assertThat(progress.line())
        .isEqualTo("1,200/4,000  30 %  850 tokens/s  310 cached  $0.00123  4m40s left");
  }

  @Test
  void saysNothingItDoesNotKnow() {
    assertThat(new Progress(5, OptionalLong.empty(), 0, 0, 9, usd("0"), 0, 2).line())
        .isEqualTo("5 answered  4.5 tokens/s  0 cached  $0");
    assertThat(new Progress(3, OptionalLong.of(10), 3, 0, 0, usd("0"), 0, 0).line())
        .isEqualTo("3/10  30 %  0.0 tokens/s  0 cached  $0  time left unknown");
    assertThat(new Progress(0, OptionalLong.of(0), 0, 0, 0, usd("0"), 0, 1).line())
        .isEqualTo("0/0  100 %  0.0 tokens/s  0 cached  $0");
  }

  @ParameterizedTest
  @CsvSource({
    "0, $0",
    "0.000, $0",
    "1234.5, '$1,234.50'",
    "0.01, $0.01",
    "0.0099999, $0.01",
    "0.00000123456, $0.00000123",
    "-0.5, $-0.50"
  })
  void amounts(String amount, String text) {
    assertThat(Format.usd(usd(amount))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, 0s", "59, 59s", "60, 1m00s", "3599, 59m59s", "3660, 1h01m"})
  void durations(long seconds, String text) {
    assertThat(Format.duration(seconds)).isEqualTo(text);
  }

  @Test
  void terminalIsRedrawnAndCut() {
    StringWriter err = new StringWriter();
    AtomicLong nanos = new AtomicLong();
    ProgressPrinter printer = new ProgressPrinter(new PrintWriter(err), true, 6, nanos::get);
    printer.update(() -> "too early");
    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(250));
    printer.update(() -> "123456789");
    printer.message("news");
    printer.finish("done");
    assertThat(err).hasToString("\r\u001b[K12345\r\u001b[Knews\n\r\u001b[Kdone\n");
  }

  @Test
  void elsewhereAPlainLineComesNowAndThen() {
    StringWriter err = new StringWriter();
    AtomicLong nanos = new AtomicLong();
    ProgressPrinter printer = new ProgressPrinter(new PrintWriter(err), false, 6, nanos::get);
    for (int second = 0; second < 11; second++) {
      int now = second;
      printer.update(() -> "at second " + now);
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    }
    printer.finish("done");
    assertThat(err.toString().lines()).containsExactly("at second 5", "at second 10", "done");
  }

  private static BigDecimal usd(String amount) {
    return new BigDecimal(amount);
  }
}
