package io.millrace.jobs.budget;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A file of budgets:
 *
 * <pre>
 *   {"default": {"limit_usd": "5.00", "period": "day", "over": "defer"},
 *    "tenants": {"acme": {"limit_usd": "250", "period": "month", "over": "reject"},
 *                "ours": null}}
 * </pre>
 *
 * Both parts may be left out. {@code limit_usd} is a decimal, as text or as a number, and is read
 * exactly; {@code over} is {@code defer} unless it says {@code reject}; null is no budget.
 */
final class BudgetFile {
  static final long BYTES_MAX = 4 << 20;

  private static final int TENANTS_MAX = 100_000;
  private static final int TENANT_LENGTH_MAX = 256;
  private static final int PLACES_MAX = 24;
  private static final BigDecimal LIMIT_MAX = BigDecimal.valueOf(1_000_000_000_000L);

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(8)
                          .maxNameLength(1_024)
                          .maxStringLength(1_024)
                          .maxNumberLength(100)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path file;

  private BudgetFile(Path file) {
    this.file = file;
  }

  static Budgets read(Path file) {
    return new BudgetFile(file).budgets();
  }

  private Budgets budgets() {
    JsonNode root = json();
    onlyNames("", root, Set.of("default", "tenants"));
    JsonNode named = root.path("tenants");
    if (!named.isMissingNode() && !(named.isObject() && named.size() <= TENANTS_MAX)) {
      throw wrong("tenants is no object of at most " + TENANTS_MAX + " budgets by tenant");
    }
    Map<String, Budget> tenants = new HashMap<>();
    named
        .properties()
        .forEach(
            entry -> {
              String tenant = entry.getKey();
              if (tenant.isEmpty() || tenant.length() > TENANT_LENGTH_MAX) {
                throw wrong("tenants have names of 1 to " + TENANT_LENGTH_MAX + " characters");
              }
              tenants.put(tenant, budget("tenants." + tenant, entry.getValue()));
            });
    return new Budgets(budget("default", root.path("default")), tenants);
  }

  private JsonNode json() {
    try {
      if (Files.size(file) > BYTES_MAX) {
        throw wrong("it has more than " + (BYTES_MAX >> 20) + " MiB");
      }
      return JSON.readTree(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("there is no file of budgets " + file, e);
    } catch (JsonProcessingException e) {
      String where = e.getLocation() == null ? "" : "line " + e.getLocation().getLineNr() + ": ";
      throw new IllegalArgumentException(
          "budgets " + file + ": " + where + "no JSON, or a name that comes twice", e);
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot read the file of budgets " + file, e);
    }
  }

  private Budget budget(String name, JsonNode node) {
    if (node.isMissingNode() || node.isNull()) {
      return null;
    }
    onlyNames(name + ".", node, Set.of("limit_usd", "period", "over"));
    return new Budget(
        limit(name + ".limit_usd", node.path("limit_usd")),
        oneOf(name + ".period", node.path("period"), Period.values(), null),
        oneOf(name + ".over", node.path("over"), Budget.Over.values(), Budget.Over.DEFER));
  }

  private BigDecimal limit(String name, JsonNode node) {
    BigDecimal limit = node.isNumber() ? node.decimalValue() : decimal(node.asText());
    // In this order: the bound on the size keeps what follows from expanding 1E+999999999.
    if (limit == null
        || limit.signum() < 0
        || limit.compareTo(LIMIT_MAX) > 0
        || (limit.signum() != 0 && limit.stripTrailingZeros().scale() > PLACES_MAX)) {
      throw wrong(
          name
              + " is "
              + text(node)
              + ", must be a decimal, 0 to "
              + LIMIT_MAX
              + " USD with at most "
              + PLACES_MAX
              + " places");
    }
    return limit;
  }

  private static BigDecimal decimal(String text) {
    try {
      return new BigDecimal(text);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private <E extends Enum<E>> E oneOf(String name, JsonNode node, E[] values, E otherwise) {
    if (node.isMissingNode() && otherwise != null) {
      return otherwise;
    }
    return Arrays.stream(values)
        .filter(value -> lower(value).equals(node.asText()))
        .findFirst()
        .orElseThrow(
            () ->
                wrong(
                    name
                        + " is "
                        + text(node)
                        + ", must be one of "
                        + Arrays.stream(values)
                            .map(BudgetFile::lower)
                            .collect(Collectors.joining(", "))));
  }

  private void onlyNames(String where, JsonNode node, Set<String> known) {
    if (!node.isObject()) {
      throw wrong(
          (where.isEmpty() ? "it" : where.substring(0, where.length() - 1)) + " is no object");
    }
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        throw wrong("unknown field " + where + name);
      }
    }
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static String text(JsonNode node) {
    return node.isMissingNode() ? "not there" : node.toString();
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("budgets " + file + ": " + what);
  }
}
