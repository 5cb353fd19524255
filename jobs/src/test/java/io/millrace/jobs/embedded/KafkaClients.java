package io.millrace.jobs.embedded;

import static org.assertj.core.api.Assertions.fail;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Kafka clients for tests: strings, read_committed, from the beginning. */
final class KafkaClients {

  private static final long READ_MAX_NANOS = Duration.ofSeconds(60).toNanos();

  private KafkaClients() {}

  static KafkaProducer<String, String> producer(String bootstrapServers) {
    return new KafkaProducer<>(
        Map.of(
            "bootstrap.servers", bootstrapServers, "max.request.size", 4_000_000, "linger.ms", 0),
        new StringSerializer(),
        new StringSerializer());
  }

  /** Sends values without keys and waits until all are acknowledged. */
  static void produce(String bootstrapServers, String topic, List<String> values) {
    List<Future<?>> acknowledgements = new ArrayList<>();
    try (var producer = producer(bootstrapServers)) {
      values.forEach(v -> acknowledgements.add(producer.send(new ProducerRecord<>(topic, v))));
    }
    for (Future<?> acknowledgement : acknowledgements) {
      try {
        acknowledgement.get();
      } catch (InterruptedException | ExecutionException e) {
        fail("not produced", e);
      }
    }
  }

  static KafkaConsumer<String, String> consumer(
      String bootstrapServers, String group, int pollRecordsMax) {
    return new KafkaConsumer<>(
        Map.of(
            "bootstrap.servers",
            bootstrapServers,
            "group.id",
            group,
            "enable.auto.commit",
            false,
            "auto.offset.reset",
            "earliest",
            "isolation.level",
            "read_committed",
            "max.poll.records",
            pollRecordsMax),
        new StringDeserializer(),
        new StringDeserializer());
  }

  /** Reads until there are {@code count} records; returns more when one poll brought more. */
  static List<ConsumerRecord<String, String>> read(Consumer<String, String> consumer, int count) {
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    long begin = System.nanoTime();
    while (records.size() < count) {
      if (System.nanoTime() - begin > READ_MAX_NANOS) {
        fail("%d of %d records after 60 s", records.size(), count);
      }
      consumer.poll(Duration.ofMillis(200)).forEach(records::add);
    }
    return records;
  }

  /** Everything that is committed in a topic now, as a read_committed reader sees it. */
  static List<String> committed(String bootstrapServers, String topic) {
    try (var consumer = consumer(bootstrapServers, "all-of-" + topic, 500)) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(p.topic(), p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      List<String> values = new ArrayList<>();
      long begin = System.nanoTime();
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        if (System.nanoTime() - begin > READ_MAX_NANOS) {
          fail("%s not read to %s after 60 s", topic, ends);
        }
        consumer.poll(Duration.ofMillis(200)).forEach(r -> values.add(r.value()));
      }
      return values;
    }
  }
}
