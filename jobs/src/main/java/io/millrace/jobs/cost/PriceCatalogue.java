package io.millrace.jobs.cost;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Prices per token of many models, from a file in the format of LiteLLM's {@code
 * model_prices_and_context_window.json}: an object with an entry a model, {@code
 * {"input_cost_per_token": 2.5e-06, ...}}, USD. That file is read as it is; see {@link EntryRates}
 * for what its fields mean.
 *
 * <p>A file of one's own may have more: {@code valid_from} and {@code valid_until} in an entry (a
 * date, midnight UTC, or a time with its offset; the end is exclusive), and a list of such entries
 * where a model's price changed; and, for a model without a price per token, {@code unpriced}: why.
 *
 * <p>Numbers are taken from the text exactly. An entry that makes no sense leaves its model
 * unpriced, and says why; the others are not affected.
 */
public final class PriceCatalogue {
  /** The catalogue that ships with the program. */
  private static final String SHIPPED = "prices.json";

  /** Not models: an example, and rules for unknown names, which price nothing. */
  private static final Set<String> NOT_MODELS = Set.of("sample_spec", "fallback_generalizations");

  private final String source;
  private final String version;
  private final Map<String, JsonNode> entries = new HashMap<>();
  private final Map<String, String> spellings = new HashMap<>();

  private PriceCatalogue(String source, CatalogueFile file) {
    this.source = source;
    this.version = file.version();
    file.root()
        .properties()
        .forEach(
            field -> {
              boolean entry = field.getValue().isObject() || field.getValue().isArray();
              if (entry && !NOT_MODELS.contains(field.getKey())) {
                entries.put(field.getKey(), field.getValue());
                spellings.putIfAbsent(lower(field.getKey()), field.getKey());
              }
            });
  }

  /** The catalogue that ships with the program: few models, each with its source. */
  public static PriceCatalogue shipped() {
    try (var in = PriceCatalogue.class.getResourceAsStream(SHIPPED)) {
      return new PriceCatalogue(
          "millrace-prices.json", CatalogueFile.read("the shipped catalogue", in.readAllBytes()));
    } catch (IOException | CatalogueException e) {
      throw new IllegalStateException("the shipped price catalogue cannot be read", e);
    }
  }

  /**
   * Reads a catalogue.
   *
   * @throws CatalogueException if there is no such file, or it is too large or no catalogue
   */
  public static PriceCatalogue read(Path file) throws CatalogueException {
    try {
      if (Files.size(file) > CatalogueFile.BYTES_MAX) {
        throw new CatalogueException(
            file + " has more than " + (CatalogueFile.BYTES_MAX >> 20) + " MiB", null);
      }
      return new PriceCatalogue(
          String.valueOf(file.getFileName()),
          CatalogueFile.read(file.toString(), Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      throw new CatalogueException("there is no price catalogue " + file, e);
    } catch (IOException e) {
      throw new CatalogueException("cannot read the price catalogue " + file, e);
    }
  }

  /** The file's name; the shipped one's is millrace-prices.json. */
  public String source() {
    return source;
  }

  /** Its date, if it says one, and the beginning of its SHA-256. */
  public String version() {
    return version;
  }

  /** The names of all models in it, those without a price per token too. */
  public Set<String> models() {
    return Set.copyOf(entries.keySet());
  }

  /** What it says of a model, by the names under which {@link ModelNames} looks for it. */
  public Optional<ModelPrice> find(String model) {
    for (ModelNames.Candidate candidate : ModelNames.of(model)) {
      String exact = candidate.name();
      String key = entries.containsKey(exact) ? exact : spellings.get(lower(exact));
      if (key != null && candidate.admits(provider(entries.get(key)))) {
        return Optional.of(price(key, entries.get(key)));
      }
    }
    return Optional.empty();
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  private static String provider(JsonNode entry) {
    JsonNode first = entry.isArray() ? entry.path(0) : entry;
    return first.path("litellm_provider").asText(null);
  }

  private ModelPrice price(String model, JsonNode entry) {
    String unpriced = entry.path("unpriced").asText(null);
    if (unpriced != null) {
      return ModelPrice.unpriced(model, source, version, unpriced);
    }
    try {
      List<PriceSheet> periods = new ArrayList<>();
      for (JsonNode period : entry.isArray() ? entry : List.of(entry)) {
        PriceSheet sheet =
            new PriceSheet(
                time(period, "valid_from"),
                time(period, "valid_until"),
                new EntryRates(period).bands());
        if (periods.stream().anyMatch(sheet::overlaps)) {
          throw new IllegalArgumentException("two of its entries are valid at the same time");
        }
        periods.add(sheet);
      }
      return ModelPrice.of(model, source, version, periods);
    } catch (IllegalArgumentException e) {
      return ModelPrice.unpriced(
          model, source, version, source + " makes no sense of it: " + e.getMessage());
    }
  }

  private static Instant time(JsonNode entry, String field) {
    JsonNode value = entry.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    return Times.parse(value.asText())
        .orElseThrow(() -> new IllegalArgumentException(field + " is no date such as 2026-01-31"));
  }

  /** Dates and times as catalogues and command lines write them. */
  public static final class Times {
    private Times() {}

    /** A date, midnight UTC, or a time with its offset; empty if it is neither. */
    public static Optional<Instant> parse(String text) {
      try {
        return Optional.of(
            text.indexOf('T') < 0
                ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                : java.time.OffsetDateTime.parse(text).toInstant());
      } catch (DateTimeParseException e) {
        return Optional.empty();
      }
    }
  }
}
