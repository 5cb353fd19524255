package io.millrace.jobs.report.format;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.report.Group;
import io.millrace.jobs.report.PriceUsed;
import io.millrace.jobs.report.Ranking;
import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.SpendingRate;
import io.millrace.jobs.report.Sums;
import io.millrace.jobs.report.TimeSlice;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;

/**
 * A report as JSON. Amounts and shares are strings with all their digits, for readers that would
 * make doubles of numbers; what is not known is null. Names are as the rows have them.
 */
public final class JsonReport {
  /** Goes up when something is renamed, removed, or means something else. */
  public static final int VERSION = 1;

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonReport() {}

  /** One object over several lines, without a line break at its end. */
  public static String of(Report report) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("version", VERSION);
    json.put("source", report.source());
    json.put("generated", report.generated().toString());
    ObjectNode filter = json.putObject("filter");
    filter.put("from", text(report.filter().from()));
    filter.put("to", text(report.filter().to()));
    filter.put("tenant", report.filter().tenant());
    filter.put("model", report.filter().model());
    json.put("rows", report.rows());
    json.put("from", report.period().map(period -> period.from().toString()).orElse(null));
    json.put("to", report.period().map(period -> period.to().toString()).orElse(null));
    json.put("by", report.period().map(period -> period.slices().label()).orElse(null));
    json.set("total", sums(report.total()));
    json.set("tenants", ranking(report.tenants()));
    json.set("models", ranking(report.models()));
    ArrayNode slices = json.putArray("slices");
    for (TimeSlice slice : report.slices()) {
      ObjectNode node = slices.addObject();
      node.put("start", slice.start().toString());
      node.setAll(sums(slice.sums()));
    }
    ArrayNode prices = json.putArray("prices");
    report.prices().forEach(price -> prices.add(price(price)));
    json.set("projections", projections(report));
    return json.toPrettyString();
  }

  private static ObjectNode sums(Sums sums) {
    ObjectNode node = MAPPER.createObjectNode();
    Figures.of(sums)
        .forEach(
            (name, value) -> {
              if (value instanceof Long count) {
                node.put(name, count);
              } else {
                node.put(name, value == null ? null : Amounts.exact((BigDecimal) value));
              }
            });
    return node;
  }

  private static ObjectNode ranking(Ranking ranking) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("count", ranking.size());
    ArrayNode groups = node.putArray("groups");
    for (Group group : ranking.groups()) {
      ObjectNode one = groups.addObject();
      one.put("name", group.name());
      one.setAll(sums(group.sums()));
    }
    node.put("others", ranking.others());
    node.set("rest", ranking.restOf().map(JsonReport::sums).orElse(null));
    return node;
  }

  private static ObjectNode price(PriceUsed price) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("model", price.model());
    node.put("price_source", price.source());
    node.put("price_version", price.version());
    node.put("service_tier", price.tier());
    node.put("rows", price.rows());
    node.put("unpriced_rows", price.unpriced());
    return node;
  }

  private static ObjectNode projections(Report report) {
    ObjectNode node = MAPPER.createObjectNode();
    BigDecimal day = BigDecimal.valueOf(Report.DAY_REQUESTS);
    Optional<SpendingRate> rate = report.rate();
    node.put("day_requests", Report.DAY_REQUESTS);
    node.put("day_usd", text(report.total().perRequest().map(day::multiply)));
    node.put(
        "day_without_savings_usd",
        text(report.total().perRequestWithoutSavings().map(day::multiply)));
    node.put("rate_from", rate.map(SpendingRate::from).map(Instant::toString).orElse(null));
    node.put("rate_to", rate.map(SpendingRate::to).map(Instant::toString).orElse(null));
    node.put("rate_usd", text(rate.map(SpendingRate::usd)));
    node.put("rate_day_usd", text(rate.map(lately -> lately.usdIn(SpendingRate.DAY))));
    node.put("rate_30_days_usd", text(rate.map(lately -> lately.usdIn(SpendingRate.MONTH))));
    return node;
  }

  private static String text(LocalDate day) {
    return day == null ? null : day.toString();
  }

  private static String text(Optional<BigDecimal> amount) {
    return amount.map(Amounts::exact).orElse(null);
  }
}
