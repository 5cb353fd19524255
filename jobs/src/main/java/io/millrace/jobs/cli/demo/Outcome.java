package io.millrace.jobs.cli.demo;

import io.millrace.jobs.cli.events.AnswerEvent;
import io.millrace.jobs.cli.events.DeadLetterEvent;
import io.millrace.jobs.cli.events.Tally;
import io.millrace.jobs.cli.traffic.Sample;
import io.millrace.jobs.cli.traffic.Traffic;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What came of the prompts: from the committed topics alone. Not safe for use by several threads.
 */
final class Outcome {
  private static final long SECOND_MS = 1_000;
  private static final int ANOMALIES_MAX = 1_000;

  private final Tally tally = new Tally();
  private final Set<String> settled = new HashSet<>();
  private final Set<String> paid = new HashSet<>();
  private final Set<String> answeredUnpaid = new HashSet<>();
  private final Map<String, TenantCosts> costs = new TreeMap<>();
  private final Map<String, DeviceTimes> devices = new TreeMap<>();
  private final Map<Long, BigDecimal> wildUsdBySecond = new HashMap<>();
  private final List<Anomaly> anomalies = new ArrayList<>();
  private long twice;
  private long judged;
  private long right;

  /**
   * @param sample what was asked, or null where no right answer is known
   */
  void add(AnswerEvent answer, Sample sample) {
    if (!settled.add(answer.requestId())) {
      twice++;
      return;
    }
    if (!paid.contains(answer.requestId())) {
      answeredUnpaid.add(answer.requestId());
    }
    tally.add(answer);
    if (sample != null) {
      judged++;
      right += sample.isRight(answer.text()) ? 1 : 0;
    }
  }

  void add(DeadLetterEvent letter) {
    if (!settled.add(letter.requestId())) {
      twice++;
      return;
    }
    tally.addErrors(1);
  }

  void add(CostEvent row) {
    if (row.getModel() != null) {
      devices.computeIfAbsent(row.getModel(), model -> new DeviceTimes()).add(row);
    }
    if (row.getKind() != CostKind.request || row.getTenant() == null) {
      return;
    }
    if (row.getIsFinal()) {
      twice += paid.add(row.getRequestId()) ? 0 : 1;
      answeredUnpaid.remove(row.getRequestId());
    }
    costs.computeIfAbsent(row.getTenant(), tenant -> new TenantCosts()).add(row);
    if (row.getTenant().equals(Traffic.WILD_TENANT) && row.getTotalUsd() != null) {
      wildUsdBySecond.merge(
          row.getEventTime().toEpochMilli() / SECOND_MS, row.getTotalUsd(), BigDecimal::add);
    }
  }

  void add(Anomaly anomaly) {
    if (anomalies.size() < ANOMALIES_MAX) {
      anomalies.add(anomaly);
    }
  }

  /** The first ones, with their changes. */
  List<Anomaly> anomalies() {
    return anomalies;
  }

  Tally tally() {
    return tally;
  }

  Map<String, TenantCosts> costs() {
    return costs;
  }

  /** By model. */
  Map<String, DeviceTimes> devices() {
    return devices;
  }

  /** Whether every answer's final cost row is committed. */
  boolean allPaid() {
    return answeredUnpaid.isEmpty();
  }

  /** Whether the cost rows' total is what the answers say they cost; a failed prompt costs too. */
  boolean costsAgree() {
    BigDecimal rows =
        costs.values().stream().map(TenantCosts::usd).reduce(BigDecimal.ZERO, BigDecimal::add);
    int difference = rows.compareTo(tally.costUsd());
    return tally.errors() == 0 ? difference == 0 : difference >= 0;
  }

  /** Second answers, dead letters or final cost rows of a prompt: none, or something is wrong. */
  long twice() {
    return twice;
  }

  /** Answers that could be compared with the right one. */
  long judged() {
    return judged;
  }

  /** Of these, the right ones, in all fields. */
  long right() {
    return right;
  }

  /** USD that the wild tenant spent from one time to another, epoch milliseconds. */
  BigDecimal wildUsd(long fromMs, long toMs) {
    List<BigDecimal> spent =
        wildUsdBySecond.entrySet().stream()
            .filter(e -> e.getKey() >= fromMs / SECOND_MS && e.getKey() < toMs / SECOND_MS)
            .map(Map.Entry::getValue)
            .toList();
    return spent.stream().reduce(BigDecimal.ZERO, BigDecimal::add);
  }
}
