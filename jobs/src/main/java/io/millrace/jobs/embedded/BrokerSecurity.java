package io.millrace.jobs.embedded;

import java.util.List;
import java.util.Map;

/**
 * How a broker knows its clients. The commands' broker does not ask: it serves this machine only.
 *
 * @param protocol of the clients' listener, such as SASL_SSL
 * @param scramUsers users to begin with, in kafka-storage's form: {@code
 *     SCRAM-SHA-512=[name=N,password=P]}
 * @param properties of the broker: its certificate, its own login, its authorizer
 */
record BrokerSecurity(String protocol, List<String> scramUsers, Map<String, String> properties) {

  static final BrokerSecurity NONE = new BrokerSecurity("PLAINTEXT", List.of(), Map.of());

  BrokerSecurity {
    scramUsers = List.copyOf(scramUsers);
    properties = Map.copyOf(properties);
  }
}
