package io.millrace.jobs.report.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.report.SampleReports;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class JsonReportTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Test
  void amountsAreExactAndNamesAsTheyAre() throws Exception {
    JsonNode json = MAPPER.readTree(JsonReport.of(SampleReports.mixed()));

    assertThat(json.at("/total/total_usd").textValue()).isEqualTo("0.450000000000000000000001");
    assertThat(json.at("/total/saved_speculation_usd").textValue()).isEqualTo("-0.02");
    assertThat(json.at("/tenants/groups/1/name").textValue()).isEqualTo(SampleReports.HOSTILE);
    assertThat(json.at("/tenants/groups/2/total_usd").isNull()).isTrue();
    assertThat(json.at("/tenants/groups/2/unpriced_rows").longValue()).isEqualTo(1);
    assertThat(json.at("/slices/0/start").textValue()).isEqualTo("2026-03-01T10:00:00Z");
    assertThat(json.at("/by").textValue()).isEqualTo("ten seconds");
  }

  /** What others read: goes up a version if a name is gone. */
  @Test
  void namesStay() throws Exception {
    JsonNode json = MAPPER.readTree(JsonReport.of(SampleReports.mixed()));

    assertThat(json.at("/version").intValue()).isEqualTo(1);
    assertThat(names(json))
        .containsExactly(
            "version",
            "source",
            "generated",
            "filter",
            "rows",
            "from",
            "to",
            "by",
            "total",
            "tenants",
            "models",
            "slices",
            "prices",
            "projections");
    assertThat(names(json.at("/total")))
        .containsExactly(
            "total_usd",
            "answers_usd",
            "input_usd",
            "output_usd",
            "idle_usd",
            "recovery_usd",
            "unpriced_rows",
            "saved_usd",
            "saved_dedup_usd",
            "saved_prefix_usd",
            "saved_speculation_usd",
            "saved_batch_usd",
            "unpriced_savings_rows",
            "without_savings_usd",
            "requests",
            "generated",
            "hits",
            "coalesced",
            "failed",
            "unpriced_requests",
            "fresh_tokens",
            "cached_tokens",
            "cache_written_tokens",
            "output_tokens",
            "drafted_tokens",
            "accepted_tokens",
            "answer_nanos",
            "idle_nanos",
            "recovery_nanos",
            "usd_per_request",
            "usd_per_1m_tokens",
            "usd_per_1m_tokens_all_in",
            "usd_per_1m_input_tokens",
            "usd_per_1m_output_tokens",
            "saved_share",
            "reused_share",
            "prefix_cached_share",
            "draft_accepted_share",
            "idle_share",
            "recovery_share");
    assertThat(names(json.at("/projections")))
        .containsExactly(
            "day_requests",
            "day_usd",
            "day_without_savings_usd",
            "rate_from",
            "rate_to",
            "rate_usd",
            "rate_day_usd",
            "rate_30_days_usd");
  }

  @Test
  void anEmptyReportHasTheSameNames() throws Exception {
    JsonNode empty = MAPPER.readTree(JsonReport.of(SampleReports.empty()));
    JsonNode mixed = MAPPER.readTree(JsonReport.of(SampleReports.mixed()));

    assertThat(new TreeSet<>(names(empty))).isEqualTo(new TreeSet<>(names(mixed)));
    assertThat(names(empty.at("/total"))).isEqualTo(names(mixed.at("/total")));
    assertThat(names(empty.at("/projections"))).isEqualTo(names(mixed.at("/projections")));
    assertThat(empty.at("/from").isNull()).isTrue();
  }

  private static List<String> names(JsonNode object) {
    Iterable<String> names = object::fieldNames;
    return StreamSupport.stream(names.spliterator(), false).toList();
  }
}
