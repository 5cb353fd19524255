package io.millrace.jobs.anomaly;

import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalyState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A real trace of an hour of requests (times and lengths), repeated to days, its requests dealt to
 * tenants with a seed, through the watches, with faults of 15 minutes on one tenant at a time.
 * Windows are 5 minutes. A request takes 200 ms + 0.5 ms a prompt token + 30 ms an output token,
 * and costs 2.5 and 10 USD for a million of these.
 */
final class FaultReplay {
  static final long WINDOW_MS = 5 * 60_000;
  static final int TENANTS = 50;
  private static final int DAY_WINDOWS = 288;
  private static final int FAULT_WINDOWS = 3;

  private record Request(long timeMs, int promptTokens, int outputTokens) {}

  /** What is multiplied, by how much, of whom, from which window on. */
  record Fault(boolean cost, double times, int tenant, int window) {}

  private final List<Request> hour;
  private final Random random;
  private final List<Fault> faults = new ArrayList<>();
  final List<Anomaly> opened = new ArrayList<>();
  int stateBytesMax;

  FaultReplay(Path trace, long seed) throws IOException {
    this.hour = read(trace);
    this.random = new Random(seed);
  }

  private static List<Request> read(Path trace) throws IOException {
    List<Request> requests = new ArrayList<>();
    List<String> lines = Files.readAllLines(trace);
    long begin = -1;
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.trim().split(",");
      long time =
          LocalDateTime.parse(cells[0].replace(' ', 'T')).toInstant(ZoneOffset.UTC).toEpochMilli();
      begin = begin < 0 ? time : begin;
      requests.add(
          new Request(time - begin, Integer.parseInt(cells[1]), Integer.parseInt(cells[2])));
    }
    return requests;
  }

  /** Faults one after another from a window on, 20 minutes apart, each of another tenant. */
  void inject(int fromWindow, int count) {
    int offset = random.nextInt(TENANTS);
    for (int i = 0; i < count; i++) {
      int tenant = (offset + 7 * i) % TENANTS;
      faults.add(new Fault(i % 3 != 2, i % 3 == 0 ? 3 : 10, tenant, fromWindow + 4 * i));
    }
  }

  List<Fault> faults() {
    return faults;
  }

  /** Runs a day. */
  void run() {
    long dayMs = DAY_WINDOWS * WINDOW_MS;
    long hourMs = hour.get(hour.size() - 1).timeMs + 1;
    List<KeyWatch> watches = new ArrayList<>();
    WindowTotals[] totals = new WindowTotals[TENANTS];
    for (int tenant = 0; tenant < TENANTS; tenant++) {
      watches.add(new KeyWatch("tenant-" + tenant, "model", Watches.all(0.0001)));
      totals[tenant] = new WindowTotals(0);
    }
    int window = 0;
    for (int i = 0; ; i++) {
      Request request = hour.get(i % hour.size());
      long time = i / hour.size() * hourMs + request.timeMs;
      for (; window < time / WINDOW_MS && window < DAY_WINDOWS; window++) {
        for (int tenant = 0; tenant < TENANTS; tenant++) {
          watches.get(tenant).judge(totals[tenant], WINDOW_MS, this::opened);
          totals[tenant] = new WindowTotals((window + 1) * WINDOW_MS);
        }
      }
      if (time >= dayMs) {
        break;
      }
      int tenant = random.nextInt(TENANTS);
      totals[tenant].add(sample(request, tenant, time, window));
    }
    watches.forEach(w -> stateBytesMax = Math.max(stateBytesMax, w.toBytes().length));
  }

  private void opened(Anomaly anomaly) {
    if (anomaly.getState() == AnomalyState.open) {
      opened.add(anomaly);
    }
  }

  private CostSample sample(Request request, int tenant, long time, int window) {
    double usd = 2.5e-6 * request.promptTokens + 1e-5 * request.outputTokens;
    double ms = 200 + 0.5 * request.promptTokens + 30.0 * request.outputTokens;
    for (Fault fault : faults) {
      if (fault.tenant == tenant
          && window >= fault.window
          && window < fault.window + FAULT_WINDOWS) {
        usd *= fault.cost ? fault.times : 1;
        ms *= fault.cost ? 1 : fault.times;
      }
    }
    return new CostSample(
        "tenant-" + tenant,
        "model",
        time,
        true,
        false,
        true,
        false,
        usd,
        (long) ms,
        request.outputTokens,
        0,
        0);
  }

  /** Whether the right watch opened an alert in the fault's first or second window. */
  boolean found(Fault fault) {
    return opened.stream()
        .anyMatch(
            a ->
                a.getDetector().endsWith(fault.cost ? "cost-spike" : "latency-shift")
                    && belongs(a, fault)
                    && a.getWindowStart().toEpochMilli() < (fault.window + 2) * WINDOW_MS);
  }

  /** Alerts that no fault explains. */
  List<Anomaly> falseAlarms() {
    return opened.stream().filter(a -> faults.stream().noneMatch(f -> belongs(a, f))).toList();
  }

  private static boolean belongs(Anomaly anomaly, Fault fault) {
    long start = anomaly.getWindowStart().toEpochMilli();
    return anomaly.getTenant().equals("tenant-" + fault.tenant)
        && start >= fault.window * WINDOW_MS
        && start < (fault.window + FAULT_WINDOWS) * WINDOW_MS;
  }
}
