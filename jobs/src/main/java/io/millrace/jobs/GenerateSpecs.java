package io.millrace.jobs;

import io.millrace.jobs.generate.GenerateSpec;
import org.apache.flink.configuration.Configuration;

/** From the configuration to what a generate vertex is told. */
final class GenerateSpecs {
  private GenerateSpecs() {}

  static GenerateSpec of(Configuration options, String model, Models models) {
    ModelOptions of = new ModelOptions(model);
    int backlog = options.get(MillraceOptions.BACKLOG_PER_SEQUENCE) * options.get(of.sequencesMax);
    return new GenerateSpec(
        model,
        new ConfiguredModel(models, options, model),
        Pricings.of(options, model),
        engineRequestsMax(options, of),
        options.get(of.overtakesMax),
        backlog,
        options.get(MillraceOptions.BACKLOG_SIZE_MAX).getBytes(),
        options.get(MillraceOptions.CACHE_TTL),
        options.get(MillraceOptions.CACHE_ANSWER_SIZE_MAX).getBytes(),
        options.get(MillraceOptions.TOKEN_EVENTS),
        options.get(MillraceOptions.FAILED_LEADERS_MAX),
        options.get(MillraceOptions.CRASHES_MAX),
        options.get(CostOptions.IDLE_INTERVAL),
        options.get(MetricsOptions.TENANTS_MAX),
        options.get(CostOptions.HEARTBEAT_INTERVAL),
        TraceOptions.spec(options));
  }

  /**
   * What an engine is given at once: a batch, and as much again to choose from. The fewer wait in
   * it, the sooner another tenant's prompt is among them.
   */
  static int engineRequestsMax(Configuration options, ModelOptions of) {
    return 2 * options.get(of.sequencesMax);
  }
}
