package io.millrace.jobs.trace;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.Sampling;
import io.millrace.jobs.testing.OtlpReceiver;
import io.millrace.jobs.trace.SettledPrompt.Phases;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.ResponseFinishReason;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/**
 * What a span costs the thread that settles prompts: CPU time, in rounds. {@code main} prints
 * microseconds a span, of prompts that are traced and of prompts that are not sampled.
 */
final class TraceCost {
  private static final int ROUNDS = 12;
  private static final int SPANS = 2_000;

  private TraceCost() {}

  public static void main(String[] args) throws Exception {
    try (OtlpReceiver receiver = OtlpReceiver.start()) {
      for (double ratio : new double[] {1, 0}) {
        TraceSpec spec =
            new TraceSpec(
                List.of(new TraceSpec.Exporter("test", receiver.endpoint(), null, null)),
                ratio,
                null,
                8192,
                2048,
                Duration.ofSeconds(10),
                Duration.ofSeconds(2));
        try (PromptTracer tracer =
            PromptTracer.open(spec, "generate", new UnregisteredMetricsGroup())) {
          for (int round = 0; round < ROUNDS; round++) {
            System.out.printf("sampled %.0f: %.2f us a span%n", ratio, micros(tracer));
          }
        }
      }
    }
  }

  private static double micros(PromptTracer tracer) {
    List<SettledPrompt> prompts = IntStream.range(0, SPANS).mapToObj(TraceCost::settled).toList();
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadCpuTime();
    prompts.forEach(tracer::settled);
    return (threads.getCurrentThreadCpuTime() - before) / 1000.0 / SPANS;
  }

  private static SettledPrompt settled(long offset) {
    AdmittedPrompt prompt = new AdmittedPrompt();
    prompt.setRequestId("millrace.prompts-0-" + offset);
    prompt.setTopic("millrace.prompts");
    prompt.setOffset(offset);
    prompt.setTimestampMs(1_700_000_000_000L + offset);
    prompt.setTenant("acme");
    prompt.setModel("default");
    prompt.setValue(ByteBuffer.allocate(0));
    prompt.setAdmittedMs(1_700_000_000_000L);
    prompt.setSampling(new Sampling(0f, 0, 1f, 0f, 1f, 0L, 100, List.of(), -1, 1, false));
    CostEvent row =
        CostEvent.newBuilder()
            .setKind(CostKind.request)
            .setIsFinal(true)
            .setRequestId(prompt.getRequestId())
            .setTenant("acme")
            .setModel("default")
            .setBackend("cpu")
            .setStatus(RequestStatus.generated)
            .setFinishReason(ResponseFinishReason.stop)
            .setCached(CacheOutcome.none)
            .setEventTime(Instant.ofEpochMilli(1_700_000_000_250L))
            .setFreshTokens(120)
            .setCachedTokens(64)
            .setOutputTokens(40)
            .setDraftedTokens(30)
            .setAcceptedTokens(20)
            .setTotalMs(250L)
            .setInputUsd(new BigDecimal("0.000000123456789012345678"))
            .setOutputUsd(new BigDecimal("0.000000223456789012345678"))
            .setTotalUsd(new BigDecimal("0.000000346913578024691356"))
            .setSavedPrefixUsd(new BigDecimal("0.000000046913578024691356"))
            .setSavedSpeculationUsd(new BigDecimal("0.000000016913578024691356"))
            .setPriceSource("device-hour")
            .build();
    return new SettledPrompt(prompt, row, null, null, new Phases(12L, 60L, 30_000L, 90_000L));
  }
}
