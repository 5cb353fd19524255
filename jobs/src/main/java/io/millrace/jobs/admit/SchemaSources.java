package io.millrace.jobs.admit;

import io.millrace.jobs.MillraceOptions;
import io.millrace.schemas.ConfluentRegistry;
import io.millrace.schemas.ReleasedSchemas;
import io.millrace.schemas.SchemaSource;
import java.net.URI;
import org.apache.flink.configuration.Configuration;

/** Where writers' schemas come from: our own releases, and a registry where one is configured. */
final class SchemaSources {
  private SchemaSources() {}

  static SchemaSource of(Configuration configuration) {
    SchemaSource released = ReleasedSchemas.instance();
    return configuration
        .getOptional(MillraceOptions.SCHEMA_REGISTRY)
        .map(url -> released.orElse(registry(URI.create(url))))
        .orElse(released);
  }

  private static SchemaSource registry(URI url) {
    return ConfluentRegistry.fromEnvironment(url, System.getenv());
  }
}
