package io.millrace.schemas;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;

/**
 * The schemas of this library: the current ones and every version ever released, from the class
 * path ({@code schemas/released/<version>/<Name>.avsc}, versions counted from 1 without gaps). A
 * released file stands for itself: the types that it uses are written out in it.
 */
public final class ReleasedSchemas implements SchemaSource {
  private static final ReleasedSchemas INSTANCE = new ReleasedSchemas();

  private final NavigableMap<Integer, Map<String, Schema>> versions = new TreeMap<>();
  private final Map<Long, Schema> byFingerprint = new HashMap<>();

  private ReleasedSchemas() {
    for (int version = 1; ; version++) {
      Map<String, Schema> schemas = load(version);
      if (schemas.isEmpty()) {
        break;
      }
      versions.put(version, Map.copyOf(schemas));
    }
    current().forEach(this::add);
    versions.descendingMap().values().forEach(schemas -> schemas.values().forEach(this::add));
  }

  /** The one instance: it does not change and is safe for use by several threads. */
  public static ReleasedSchemas instance() {
    return INSTANCE;
  }

  /** The schemas of the records that this library reads and writes. */
  public static List<Schema> current() {
    return List.of(
        Prompt.getClassSchema(),
        Response.getClassSchema(),
        TokenEvent.getClassSchema(),
        CostEvent.getClassSchema(),
        Anomaly.getClassSchema(),
        Attempt.getClassSchema());
  }

  /** The released schemas by record name, by version. */
  public NavigableMap<Integer, Map<String, Schema>> versions() {
    return new TreeMap<>(versions);
  }

  @Override
  public Optional<Schema> byFingerprint(long fingerprint) {
    return Optional.ofNullable(byFingerprint.get(fingerprint));
  }

  /** Knows no ids: those are a registry's. */
  @Override
  public Optional<Schema> byConfluentId(int id) {
    return Optional.empty();
  }

  private void add(Schema schema) {
    byFingerprint.putIfAbsent(SchemaNormalization.parsingFingerprint64(schema), schema);
  }

  /** A version's schemas; a record that came later is missing from the versions before it. */
  private static Map<String, Schema> load(int version) {
    Map<String, Schema> schemas = new LinkedHashMap<>();
    for (Schema current : current()) {
      String path = "/schemas/released/" + version + "/" + current.getName() + ".avsc";
      try (InputStream in = ReleasedSchemas.class.getResourceAsStream(path)) {
        if (in != null) {
          schemas.put(current.getName(), new Schema.Parser().parse(in));
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read " + path, e);
      }
    }
    return schemas;
  }
}
