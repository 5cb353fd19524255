package io.millrace.jobs.budget;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.trace.TraceSpec;
import java.io.Serializable;
import java.util.Map;
import org.apache.flink.util.OutputTag;

/**
 * What the budget vertex is told, as it travels to its tasks.
 *
 * @param budgets who may spend what
 * @param bounds the most that a prompt can cost, by model
 * @param outputs where the prompts of each model go
 * @param metricsTenantsMax tenants that metrics name
 * @param deferredMax prompts of a tenant that may wait
 * @param deferredBytesMax bytes of them
 * @param trace how those that are refused are traced
 */
public record BudgetSpec(
    Budgets budgets,
    Map<String, CostBound> bounds,
    Map<String, OutputTag<AdmittedPrompt>> outputs,
    int metricsTenantsMax,
    int deferredMax,
    long deferredBytesMax,
    TraceSpec trace)
    implements Serializable {

  public BudgetSpec {
    bounds = Map.copyOf(bounds);
    outputs = Map.copyOf(outputs);
  }
}
