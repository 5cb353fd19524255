package io.millrace.jobs.cli;

import io.millrace.jobs.ledger.Compaction;
import io.millrace.jobs.ledger.LedgerException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compacts a ledger's days when they are over, beside the job that writes it. */
final class LedgerUpkeep implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LedgerUpkeep.class);

  /** A day's last rows are filed by then. */
  private static final long AFTER_MIDNIGHT_HOURS = 1;

  private final Path ledger;
  private final Clock clock;
  private final ScheduledExecutorService executor;

  LedgerUpkeep(Path ledger, Clock clock, ScheduledExecutorService executor) {
    this.ledger = ledger;
    this.clock = clock;
    this.executor = executor;
    var unused = executor.scheduleWithFixedDelay(this::compact, 0, 1, TimeUnit.HOURS);
  }

  /** Looks at once, and every hour. */
  static LedgerUpkeep start(Path ledger) {
    return new LedgerUpkeep(
        ledger,
        Clock.systemUTC(),
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "ledger-upkeep");
              thread.setDaemon(true);
              return thread;
            }));
  }

  private void compact() {
    try {
      LocalDate today =
          clock.instant().atOffset(ZoneOffset.UTC).minusHours(AFTER_MIDNIGHT_HOURS).toLocalDate();
      new Compaction(ledger).before(today).forEach(day -> LOG.info("The ledger's {}", day));
    } catch (LedgerException e) {
      LOG.warn("The ledger is not compacted; tried again in an hour: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.warn("The ledger is not compacted; tried again in an hour", e);
    }
  }

  /** A compaction that runs may be cut off anywhere: nothing is lost by it. */
  @Override
  public void close() {
    executor.shutdownNow();
  }
}
