package io.millrace.jobs.kafka;

import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.MillraceOptions.Delivery;
import io.millrace.jobs.MillraceOptions.RecordFormat;
import io.millrace.jobs.ledger.LedgerRow;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.CostEvent;
import java.util.Properties;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** The jobs' sources and sinks on Kafka, from the configuration. */
public final class KafkaEndpoints {
  private final Configuration configuration;
  private final Topics topics;
  private final KafkaConnection connection;

  /**
   * @throws IllegalArgumentException if no brokers are configured, or the file of connection
   *     settings is wrong
   */
  public KafkaEndpoints(Configuration configuration) {
    this.configuration = configuration;
    this.topics = new Topics(configuration.get(MillraceOptions.TOPIC_PREFIX));
    this.connection = KafkaConnection.of(configuration);
  }

  /**
   * Prompts from the first one kept, committed transactions only. Not from the group's offsets:
   * they are past prompts that only a checkpoint holds, and a job that starts without one would
   * lose them.
   */
  public KafkaSource<PromptRecord> prompts() {
    return source(topics.prompts(), "", new PromptDeserializer());
  }

  /** One sink a topic, each with transactions of its own. */
  public Sinks sinks() {
    RecordFormat format = configuration.get(MillraceOptions.OUTPUT_FORMAT);
    Delivery delivery = configuration.get(MillraceOptions.DELIVERY);
    return new Sinks(
        sink(
            "responses",
            delivery,
            OutputRecords.answers(topics.responses(), format, outputSizeMax())),
        sink(
            "tokens",
            configuration.get(MillraceOptions.TOKENS_DELIVERY),
            OutputRecords.tokens(topics.tokens(), format)),
        sink("costs", delivery, OutputRecords.costs(topics.costs(), format)),
        sink(
            "dead-letters",
            delivery,
            OutputRecords.deadLetters(topics.deadLetters(), outputSizeMax())));
  }

  /** Rows of costs for the anomaly job: from the first one kept, committed transactions only. */
  public KafkaSource<CostEvent> costs() {
    return source(topics.costs(), "-anomaly", new CostDeserializer());
  }

  /** Rows of costs for budgets: from the first one kept, for what was spent before counts. */
  public KafkaSource<CostEvent> budgetCosts() {
    return source(topics.costs(), "-budget", new CostDeserializer());
  }

  /** The same with where they stand in the topic, for the ledger. */
  public KafkaSource<LedgerRow> ledgerRows() {
    return source(topics.costs(), "-ledger", new LedgerRowDeserializer());
  }

  /**
   * @param reader what the consumer group's name ends with
   */
  private <T> KafkaSource<T> source(
      String topic, String reader, KafkaRecordDeserializationSchema<T> records) {
    return KafkaSource.<T>builder()
        .setProperties(connection.toProperties())
        .setTopics(topic)
        .setGroupId(configuration.get(MillraceOptions.GROUP_ID) + reader)
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setDeserializer(records)
        .setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed")
        .setProperty("partition.discovery.interval.ms", "60000")
        .build();
  }

  /** The anomaly job's sink. */
  public KafkaSink<Anomaly> anomalies() {
    return sink(
        "anomalies",
        configuration.get(MillraceOptions.DELIVERY),
        OutputRecords.anomalies(
            topics.anomalies(), configuration.get(MillraceOptions.OUTPUT_FORMAT)));
  }

  private <T> KafkaSink<T> sink(
      String name, Delivery delivery, KafkaRecordSerializationSchema<T> records) {
    Properties producer = connection.toProperties();
    producer.setProperty(
        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
        Long.toString(configuration.get(MillraceOptions.TRANSACTION_TIMEOUT).toMillis()));
    producer.setProperty(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(outputSizeMax()));
    return KafkaSink.<T>builder()
        .setBootstrapServers(connection.bootstrapServers())
        .setKafkaProducerConfig(producer)
        .setRecordSerializer(records)
        .setDeliveryGuarantee(
            delivery == Delivery.EXACTLY_ONCE
                ? DeliveryGuarantee.EXACTLY_ONCE
                : DeliveryGuarantee.AT_LEAST_ONCE)
        .setTransactionalIdPrefix(transactionalIdPrefix(configuration, name))
        .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
        .build();
  }

  /** What the transactional ids of a sink start with. */
  static String transactionalIdPrefix(Configuration configuration, String sink) {
    return configuration.get(MillraceOptions.TRANSACTION_PREFIX) + "-" + sink;
  }

  private int outputSizeMax() {
    return Math.toIntExact(configuration.get(MillraceOptions.OUTPUT_SIZE_MAX).getBytes());
  }
}
