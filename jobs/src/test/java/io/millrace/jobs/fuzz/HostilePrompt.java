package io.millrace.jobs.fuzz;

import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/**
 * A record that somebody might send.
 *
 * @param kind what is wrong with it, for messages
 * @param key or null
 * @param value or null
 * @param headers in order; names may repeat, values may be null
 */
record HostilePrompt(String kind, byte[] key, byte[] value, List<Header> headers) {

  ProducerRecord<byte[], byte[]> to(String topic) {
    return new ProducerRecord<>(topic, null, null, key, value, headers);
  }
}
