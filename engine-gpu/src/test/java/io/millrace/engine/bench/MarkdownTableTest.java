package io.millrace.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MarkdownTableTest {

  @Test
  void showsMillraceBesideItsLimitAndItsPeers() {
    String table =
        MarkdownTable.of(
            List.of(
                row("millrace", "decode", 16, 900, "tokens/s", 1000, "first try"),
                row("millrace", "decode", 16, 750, "tokens/s", 1000, ""),
                row("peer", "decode", 16, 500, "tokens/s", Double.NaN, "its own kernels"),
                row("millrace", "a step", 1, 40, "us", 30, "")));
    assertThat(table)
        .isEqualTo(
            """
            ### GPU, 2026-11-24

            | model | measure | batch | unit | millrace | limit (calculated) | share | peer | note |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- |
            | 8b-f16 | decode | 16 | tokens/s | 750.0 | 1000.0 | 0.75 | 500.0 | its own kernels |
            | 8b-f16 | a step | 1 | us | 40.0 | 30.0 | 0.75 |  |  |

            """);
  }

  @Test
  void whatFailedIsADashAndSaysWhy() {
    assertThat(
            MarkdownTable.of(
                List.of(
                    row("millrace", "decode", 256, Double.NaN, "tokens/s", Double.NaN, "no|room"))))
        .contains("| 8b-f16 | decode | 256 | tokens/s | - | - | - | no/room |");
  }

  @Test
  void devicesAndDaysHaveTheirOwnSections() {
    BenchRow one = row("millrace", "decode", 1, 1, "tokens/s", 1, "");
    BenchRow other =
        new BenchRow("millrace", "other", "2026-12-01", "m", "decode", 1, 1, "tokens/s", 1, "");
    assertThat(MarkdownTable.of(List.of(one, other)))
        .contains("### GPU, 2026-11-24\n")
        .contains("### other, 2026-12-01\n");
  }

  private static BenchRow row(
      String by, String measure, int batch, double value, String unit, double limit, String note) {
    return new BenchRow(
        by, "GPU", "2026-11-24", "8b-f16", measure, batch, value, unit, limit, note);
  }
}
