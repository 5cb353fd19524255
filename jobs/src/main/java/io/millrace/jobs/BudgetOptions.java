package io.millrace.jobs;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.millrace.jobs.budget.Budgets;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;

/** The options of budgets, {@code millrace.budget.*}. */
public final class BudgetOptions {

  public static final ConfigOption<String> FILE =
      key("millrace.budget.file")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Who may spend what, a JSON file on the machine that submits the job (docs/COST.md)."
                  + " Without it there are no budgets.");

  public static final ConfigOption<Integer> DEFERRED_MAX =
      key("millrace.budget.deferred-max")
          .intType()
          .defaultValue(1000)
          .withDescription(
              "Prompts of one tenant that may wait for its budget; further ones become retryable"
                  + " dead letters. 0 to 100000.");

  public static final ConfigOption<MemorySize> DEFERRED_SIZE_MAX =
      key("millrace.budget.deferred-size-max")
          .memoryType()
          .defaultValue(MemorySize.ofMebiBytes(16))
          .withDescription("Bytes of the prompts of one tenant that may wait. At most 256 MiB.");

  private BudgetOptions() {}

  /**
   * Reads the file of budgets; empty if there is none.
   *
   * @throws IllegalArgumentException with one line that says what is wrong with it
   */
  public static Optional<Budgets> read(Configuration configuration) {
    return configuration.getOptional(FILE).map(file -> Budgets.read(Path.of(file)));
  }

  /**
   * Checks ranges, and not yet what the file says.
   *
   * @throws IllegalArgumentException naming the option
   */
  static void validate(Configuration configuration) {
    MillraceOptions.between(configuration, DEFERRED_MAX, 0, 100_000);
    long bytes = configuration.get(DEFERRED_SIZE_MAX).getBytes();
    if (bytes > MemorySize.ofMebiBytes(256).getBytes()) {
      throw new IllegalArgumentException(
          DEFERRED_SIZE_MAX.key() + " is " + bytes + " bytes, must be 0 to 256 MiB");
    }
    if (configuration.contains(FILE)) {
      configuration.get(MillraceOptions.MODELS).stream()
          .filter(model -> Pricings.byTime(configuration, model))
          .forEach(model -> BudgetSpecs.ceiling(configuration, model));
    }
  }
}
