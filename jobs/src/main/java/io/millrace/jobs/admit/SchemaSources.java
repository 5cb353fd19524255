package io.millrace.jobs.admit;

import io.millrace.jobs.MillraceOptions;
import io.millrace.schemas.ConfluentRegistry;
import io.millrace.schemas.FramingException;
import io.millrace.schemas.ReleasedSchemas;
import io.millrace.schemas.SchemaSource;
import java.net.URI;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.flink.configuration.Configuration;

/** Where writers' schemas come from: our own releases, and a registry where one is configured. */
final class SchemaSources {
  private SchemaSources() {}

  static SchemaSource of(Configuration configuration) {
    return configuration
        .getOptional(MillraceOptions.SCHEMA_REGISTRY)
        .<SchemaSource>map(url -> withRegistry(URI.create(url)))
        .orElse(ReleasedSchemas.instance());
  }

  private static SchemaSource withRegistry(URI url) {
    SchemaSource released = ReleasedSchemas.instance();
    SchemaSource registry = ConfluentRegistry.fromEnvironment(url, System.getenv());
    return new SchemaSource() {
      @Override
      public Optional<Schema> byFingerprint(long fingerprint) throws FramingException {
        return released.byFingerprint(fingerprint);
      }

      @Override
      public Optional<Schema> byConfluentId(int id) throws FramingException {
        return registry.byConfluentId(id);
      }
    };
  }
}
