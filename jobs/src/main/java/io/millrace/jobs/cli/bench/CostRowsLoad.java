package io.millrace.jobs.cli.bench;

import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.ResponseFinishReason;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A topic full of cost rows: requests of many tenants in turn, one model, spread evenly over a time
 * and in its order. Costs and latencies vary from row to row as real ones do (log-normally), from a
 * seed.
 *
 * @param rows how many
 * @param tenants each has as many rows as any other, give or take one
 * @param span event time from the first row to the last
 */
record CostRowsLoad(long rows, int tenants, Duration span) {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final long SEED = 42;
  private static final int SCALE = 24;

  /**
   * Sends all rows as framed Avro and returns when the broker has them.
   *
   * @return bytes of the rows' values
   */
  long fill(String bootstrapServers, String topic) throws ExecutionException, InterruptedException {
    AvroCodec<CostEvent> avro = new AvroCodec<>(CostEvent.class);
    Random random = new Random(SEED);
    long bytes = 0;
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "batch.size", 1 << 18),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      Future<?> last = null;
      for (long i = 0; i < rows; i++) {
        String tenant = "tenant-" + i % tenants;
        byte[] row = avro.encode(row(i, tenant, random));
        bytes += row.length;
        last =
            producer.send(
                new ProducerRecord<>(topic, tenant.getBytes(StandardCharsets.UTF_8), row),
                (metadata, e) -> {
                  if (e != null) {
                    throw new IllegalStateException("a row could not be sent", e);
                  }
                });
      }
      producer.flush();
      if (last != null) {
        last.get();
      }
    }
    return bytes;
  }

  private CostEvent row(long i, String tenant, Random random) {
    double size = Math.exp(0.5 * random.nextGaussian());
    BigDecimal input = usd(2e-4 * size);
    BigDecimal output = usd(5e-4 * size);
    long milliseconds = Math.round(400 * size * Math.exp(0.2 * random.nextGaussian()));
    return CostEvent.newBuilder()
        .setKind(CostKind.request)
        .setIsFinal(true)
        .setRequestId("prompts-0-" + i)
        .setTenant(tenant)
        .setModel("default")
        .setBackend("cpu")
        .setStatus(RequestStatus.generated)
        .setFinishReason(ResponseFinishReason.stop)
        .setCached(CacheOutcome.none)
        .setEventTime(START.plusNanos((long) ((double) span.toNanos() * i / rows)))
        .setFreshTokens(Math.round(80 * size))
        .setOutputTokens(Math.round(50 * size))
        .setQueueMs(milliseconds / 10)
        .setTtftMs(milliseconds / 4)
        .setTotalMs(milliseconds)
        .setInputUsd(input)
        .setOutputUsd(output)
        .setTotalUsd(input.add(output))
        .setPriceSource("device-hour")
        .setPriceVersion("0.10 USD")
        .build();
  }

  private static BigDecimal usd(double amount) {
    return BigDecimal.valueOf(Math.round(amount * 1e12), 12).setScale(SCALE);
  }
}
