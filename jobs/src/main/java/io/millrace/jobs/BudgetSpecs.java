package io.millrace.jobs;

import io.millrace.jobs.budget.BudgetSpec;
import io.millrace.jobs.budget.CostBound;
import io.millrace.jobs.cost.Pricing;
import io.millrace.jobs.state.AdmittedPrompt;
import java.math.BigDecimal;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.util.OutputTag;

/** From the configuration to what the budget vertex is told. */
final class BudgetSpecs {
  private BudgetSpecs() {}

  /**
   * Reads the file of budgets.
   *
   * @param outputs where the prompts of each model go
   * @throws IllegalArgumentException if the file or an option makes no sense
   */
  static BudgetSpec of(Configuration options, Map<String, OutputTag<AdmittedPrompt>> outputs) {
    return new BudgetSpec(
        BudgetOptions.read(options).orElseThrow(),
        outputs.keySet().stream().collect(Collectors.toMap(m -> m, m -> bound(options, m))),
        outputs,
        options.get(MetricsOptions.TENANTS_MAX),
        options.get(BudgetOptions.DEFERRED_MAX),
        options.get(BudgetOptions.DEFERRED_SIZE_MAX).getBytes(),
        TraceOptions.spec(options));
  }

  /**
   * The most that a prompt of this model can cost.
   *
   * @throws IllegalArgumentException if that is not configured
   */
  private static CostBound bound(Configuration options, String model) {
    Pricing pricing = Pricings.of(options, model);
    if (pricing instanceof Pricing.Tokens tokens) {
      return CostBound.tokens(tokens.price(), tokens.tier());
    }
    if (pricing instanceof Pricing.Remote remote) {
      return CostBound.remote(remote.prices().values());
    }
    return ceiling(options, model);
  }

  /**
   * The same for a model that is billed by time.
   *
   * @throws IllegalArgumentException if that is not configured
   */
  static CostBound ceiling(Configuration options, String model) {
    var ceiling = new ModelOptions(model).ceilingUsdPerToken;
    if (!options.contains(ceiling)) {
      throw new IllegalArgumentException(
          ceiling.key()
              + " is not set: budgets need the most that a token can cost where time is billed");
    }
    String value = options.get(ceiling);
    try {
      return CostBound.ceiling(new BigDecimal(value));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          ceiling.key() + " is " + value + ", must be a decimal number", e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(ceiling.key() + " is " + value + ", " + e.getMessage(), e);
    }
  }
}
