package io.millrace.jobs.report.format;

import io.millrace.jobs.report.Costs;
import io.millrace.jobs.report.Requests;
import io.millrace.jobs.report.Savings;
import io.millrace.jobs.report.Share;
import io.millrace.jobs.report.Sums;
import io.millrace.jobs.report.Tokens;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The figures of a set of rows by the names that they have in JSON and CSV. */
final class Figures {
  private Figures() {}

  /**
   * Every figure, in order, exact; the names do not depend on the rows.
   *
   * @return values are {@code Long}s, {@code BigDecimal}s, or null where there is none: amounts of
   *     which nothing has a price, parts of nothing
   */
  static Map<String, Object> of(Sums sums) {
    Map<String, Object> figures = new LinkedHashMap<>();
    Costs costs = sums.costs();
    put(figures, "total_usd", costs.known(costs.total()));
    put(figures, "answers_usd", costs.known(costs.answers()));
    put(figures, "input_usd", costs.known(costs.input()));
    put(figures, "output_usd", costs.known(costs.output()));
    put(
        figures,
        "idle_usd",
        sums.time().idle() == 0 ? Optional.of(costs.idle()) : costs.known(costs.idle()));
    put(
        figures,
        "recovery_usd",
        sums.time().recovery() == 0
            ? Optional.of(costs.recovery())
            : costs.known(costs.recovery()));
    put(figures, "unpriced_rows", costs.unpricedRows());

    Savings saved = sums.saved();
    put(figures, "saved_usd", saved.known(saved.all()));
    put(figures, "saved_dedup_usd", saved.known(saved.dedup()));
    put(figures, "saved_prefix_usd", saved.known(saved.prefix()));
    put(figures, "saved_speculation_usd", saved.known(saved.speculation()));
    put(figures, "saved_batch_usd", saved.known(saved.batch()));
    put(figures, "unpriced_savings_rows", saved.unknown());
    put(figures, "without_savings_usd", costs.known(sums.withoutSavings()));

    Requests requests = sums.requests();
    put(figures, "requests", requests.all());
    put(figures, "generated", requests.generated());
    put(figures, "hits", requests.hits());
    put(figures, "coalesced", requests.coalesced());
    put(figures, "failed", requests.failed());
    put(figures, "unpriced_requests", requests.unpriced());

    Tokens tokens = sums.tokens();
    put(figures, "fresh_tokens", tokens.fresh());
    put(figures, "cached_tokens", tokens.cached());
    put(figures, "cache_written_tokens", tokens.cacheWritten());
    put(figures, "output_tokens", tokens.output());
    put(figures, "drafted_tokens", tokens.drafted());
    put(figures, "accepted_tokens", tokens.accepted());

    put(figures, "answer_nanos", sums.time().answers());
    put(figures, "idle_nanos", sums.time().idle());
    put(figures, "recovery_nanos", sums.time().recovery());

    put(figures, "usd_per_request", sums.perRequest());
    put(figures, "usd_per_1m_tokens", sums.perMillionTokens());
    put(figures, "usd_per_1m_tokens_all_in", sums.perMillionTokensAllIn());
    put(figures, "usd_per_1m_input_tokens", sums.perMillionPromptTokens());
    put(figures, "usd_per_1m_output_tokens", sums.perMillionOutputTokens());
    put(figures, "saved_share", sums.savedShare());
    put(figures, "reused_share", sums.reusedShare());
    put(figures, "prefix_cached_share", sums.prefixShare());
    put(figures, "draft_accepted_share", sums.acceptedShare());
    put(figures, "idle_share", sums.idleShare());
    put(figures, "recovery_share", sums.recoveryShare());
    return figures;
  }

  private static void put(Map<String, Object> figures, String name, long value) {
    figures.put(name, value);
  }

  private static void put(Map<String, Object> figures, String name, Optional<BigDecimal> value) {
    figures.put(name, value.orElse(null));
  }

  private static void put(Map<String, Object> figures, String name, Share share) {
    figures.put(name, share.fraction().orElse(null));
  }
}
