package io.millrace.engine;

import io.millrace.engine.backend.BackendKind;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Keeps each model's weights in memory once, however many engines use them, and a while longer: a
 * task that restarts finds them still there.
 */
public final class ModelStore {
  private static final Duration LINGER = Duration.ofMinutes(1);
  private static final ModelStore SHARED = new ModelStore(LINGER, daemon());

  /** A file as it was when it was loaded: a changed file is another model. */
  private record Key(Path path, FileTime modified, BackendKind kind, int device) {}

  private static final class Entry {
    final LoadedModel model;
    int users;
    ScheduledFuture<?> eviction;

    Entry(LoadedModel model) {
      this.model = model;
    }
  }

  private final Duration linger;
  private final ScheduledExecutorService timer;
  private final Map<Key, Entry> entries = new HashMap<>();

  /**
   * @param linger how long weights stay after their last user has gone
   * @param timer runs the evictions
   */
  public ModelStore(Duration linger, ScheduledExecutorService timer) {
    this.linger = linger;
    this.timer = timer;
  }

  /** The store of this process. */
  public static ModelStore shared() {
    return SHARED;
  }

  /** A model in use, until it is given back by closing this. */
  public final class Lease implements AutoCloseable {
    private final Entry entry;
    private final Key key;
    private boolean closed;

    private Lease(Key key, Entry entry) {
      this.key = key;
      this.entry = entry;
    }

    public LoadedModel model() {
      return entry.model;
    }

    @Override
    public void close() {
      release(this);
    }
  }

  /** The model of a file, on the first GPU if on one. */
  public Lease acquire(Path path, BackendKind kind) throws IOException {
    return acquire(path, kind, 0);
  }

  /**
   * The model of a file, loaded now if it is not in memory. Callers that come together wait for one
   * loading.
   *
   * @param device which of the GPUs, from 0
   * @throws IOException with one line that names the file and what is wrong with it
   */
  public synchronized Lease acquire(Path path, BackendKind kind, int device) throws IOException {
    Path real = path.toRealPath();
    Key key = new Key(real, ModelSources.modified(real), kind, device);
    Entry entry = entries.get(key);
    if (entry == null) {
      entry = new Entry(LoadedModel.load(real, kind, device));
      entries.put(key, entry);
    }
    entry.users++;
    if (entry.eviction != null) {
      entry.eviction.cancel(false);
      entry.eviction = null;
    }
    return new Lease(key, entry);
  }

  private synchronized void release(Lease lease) {
    if (lease.closed) {
      return;
    }
    lease.closed = true;
    lease.entry.users--;
    if (lease.entry.users == 0) {
      lease.entry.eviction =
          timer.schedule(() -> evict(lease), linger.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private synchronized void evict(Lease lease) {
    if (lease.entry.users == 0 && entries.remove(lease.key, lease.entry)) {
      lease.entry.model.close();
    }
  }

  private static ScheduledExecutorService daemon() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "model-store");
              thread.setDaemon(true);
              // Not the job's that happens to come first: it would stay in memory for ever.
              thread.setContextClassLoader(ModelStore.class.getClassLoader());
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }
}
