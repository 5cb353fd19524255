package io.millrace.jobs.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.budget.Budget.Over;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BudgetFileTest {
  @TempDir private Path directory;

  @Test
  void readsWhoMaySpendWhat() throws Exception {
    Budgets budgets =
        Budgets.read(
            file(
                """
                {"default": {"limit_usd": 5.00, "period": "day"},
                 "tenants": {
                   "acme": {"limit_usd": "0.000000000000000000000001", "period": "month",
                            "over": "reject"},
                   "ours": null}}
                """));
    assertThat(budgets.of("anyone"))
        .isEqualTo(new Budget(new BigDecimal("5"), Period.DAY, Over.DEFER));
    assertThat(budgets.of("acme"))
        .isEqualTo(
            new Budget(new BigDecimal("0.000000000000000000000001"), Period.MONTH, Over.REJECT));
    assertThat(budgets.of("ours")).isNull();
    assertThat(Budgets.read(file("{}")).of("anyone")).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          []                                                       | it is no object
          {"tenant": {}}                                           | unknown field tenant
          {"tenants": []}                                          | tenants is no object of at most 100000 budgets by tenant
          {"tenants": {"": null}}                                  | tenants have names of 1 to 256 characters
          {"tenants": {"a": 5}}                                    | tenants.a is no object
          {"tenants": {"a": {"limit": 5}}}                         | unknown field tenants.a.limit
          {"tenants": {"a": {"period": "day"}}}                    | tenants.a.limit_usd is not there, must be a decimal, 0 to 1000000000000 USD with at most 24 places
          {"default": {"limit_usd": "5,00", "period": "day"}}      | default.limit_usd is "5,00", must be a decimal
          {"default": {"limit_usd": "-1", "period": "day"}}        | default.limit_usd is "-1", must be a decimal
          {"default": {"limit_usd": "1E+999999999", "period": "day"}} | default.limit_usd is "1E+999999999", must be a decimal
          {"default": {"limit_usd": 1e-25, "period": "day"}}       | default.limit_usd is 1E-25, must be a decimal
          {"default": {"limit_usd": true, "period": "day"}}        | default.limit_usd is true, must be a decimal
          {"default": {"limit_usd": "5"}}                          | default.period is not there, must be one of hour, day, month, total
          {"default": {"limit_usd": "5", "period": "DAY"}}         | default.period is "DAY", must be one of hour, day, month, total
          {"default": {"limit_usd": "5", "period": "day", "over": null}} | default.over is null, must be one of defer, reject
          {"default": null, "default": null}                       | line 1: no JSON, or a name that comes twice
          {"default": null} x                                      | line 1: no JSON, or a name that comes twice
          """)
  void refusesWhatIsWrongInOneLine(String text, String message) throws Exception {
    Path file = file(text);
    assertThatThrownBy(() -> Budgets.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("budgets " + file + ": " + message)
        .message()
        .hasLineCount(1);
  }

  @Test
  void saysWhatCannotBeRead() throws Exception {
    Path missing = directory.resolve("none.json");
    assertThatThrownBy(() -> Budgets.read(missing))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no file of budgets " + missing);
    assertThatThrownBy(() -> Budgets.read(directory))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cannot read the file of budgets " + directory);
    Path large = file(" ".repeat((int) BudgetFile.BYTES_MAX + 1));
    assertThatThrownBy(() -> Budgets.read(large))
        .hasMessage("budgets " + large + ": it has more than 4 MiB");
    Path empty = file("");
    assertThatThrownBy(() -> Budgets.read(empty))
        .hasMessage("budgets " + empty + ": it is no object");
  }

  private Path file(String text) throws Exception {
    return Files.writeString(directory.resolve("budgets.json"), text);
  }
}
