package io.millrace.engine.scheduler;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * The waiting sequences of one priority, fair between tenants by what each was served: the virtual
 * token counter of Sheng and others, "Fairness in Serving Large Language Models", OSDI 2024.
 *
 * <p>Each tenant has a counter of service. The tenant with the lowest counter among those that wait
 * is next; what its sequences then cost is added to its counter. So tenants that always have
 * something waiting are served alike, however much each sends, and what one leaves over goes to the
 * others. Who had nothing waiting gets no credit for that time: with its next sequence its counter
 * is lifted to the lowest of those that wait.
 *
 * <p>Within a tenant, those that ran before (they were preempted) come first, then the earliest
 * deadline, then the earliest arrival.
 *
 * <p><b>Bounded.</b> A tenant without sequences is forgotten once the others have caught up with
 * it: lifting would give it the same counter. Of those that are still ahead, the {@link
 * #AHEAD_TENANTS_MAX} that are furthest are kept. Every operation takes O(log n) time. Not
 * thread-safe.
 */
final class FairQueue {
  /** Tenants without sequences that are remembered because they had more than their share. */
  static final int AHEAD_TENANTS_MAX = 1024;

  /** Who comes first within a tenant. */
  static final Comparator<Sequence> WITHIN_TENANT =
      Comparator.comparing(Sequence::hasRun, Comparator.reverseOrder())
          .thenComparingLong(Sequence::deadlineMs)
          .thenComparingLong(Sequence::arrival);

  private static final class Tenant {
    static final Comparator<Tenant> BY_SERVICE =
        Comparator.<Tenant>comparingLong(tenant -> tenant.service)
            .thenComparingLong(tenant -> tenant.number);

    final String name;

    /** Unique: decides between equal counters. */
    final long number;

    final TreeSet<Sequence> waiting = new TreeSet<>(WITHIN_TENANT);

    /** Waiting or running. */
    int sequences;

    long service;

    Tenant(String name, long number) {
      this.name = name;
      this.number = number;
    }
  }

  private final Map<String, Tenant> tenants = new HashMap<>();

  /** Tenants with something waiting. */
  private final TreeSet<Tenant> backlogged = new TreeSet<>(Tenant.BY_SERVICE);

  /** Tenants without sequences, remembered for what they had. */
  private final TreeSet<Tenant> ahead = new TreeSet<>(Tenant.BY_SERVICE);

  /** The counter, when it was chosen, of the tenant chosen last. */
  private long lastChosenService;

  private long numbers;
  private int sequences;

  /** Counts a sequence in that now waits for the first time. */
  void add(Sequence sequence) {
    Tenant tenant = tenants.get(sequence.tenant());
    if (tenant == null) {
      tenant = new Tenant(sequence.tenant(), numbers++);
      tenants.put(tenant.name, tenant);
    }
    ahead.remove(tenant);
    if (tenant.waiting.isEmpty()) {
      tenant.service = Math.max(tenant.service, floor());
    }
    tenant.sequences++;
    sequences++;
    enqueue(tenant, sequence);
  }

  /** Has a sequence wait again that is still counted in. */
  void putBack(Sequence sequence) {
    enqueue(tenants.get(sequence.tenant()), sequence);
  }

  /** The one that is next, of a queue in which one waits. */
  Sequence first() {
    return backlogged.first().waiting.first();
  }

  /** Whether none waits. */
  boolean isEmpty() {
    return backlogged.isEmpty();
  }

  /** Takes a sequence out that waits; it stays counted in. */
  void take(Sequence sequence) {
    Tenant tenant = tenants.get(sequence.tenant());
    tenant.waiting.remove(sequence);
    if (tenant.waiting.isEmpty()) {
      backlogged.remove(tenant);
    }
    lastChosenService = Math.max(lastChosenService, tenant.service);
  }

  /** Adds to what a sequence's tenant was served. */
  void charge(Sequence sequence, long service) {
    Tenant tenant = tenants.get(sequence.tenant());
    boolean waits = backlogged.remove(tenant);
    tenant.service += service;
    if (waits) {
      backlogged.add(tenant);
    }
  }

  /** Counts a sequence out that has ended, and does not wait. */
  void forget(Sequence sequence) {
    Tenant tenant = tenants.get(sequence.tenant());
    tenant.sequences--;
    sequences--;
    if (tenant.sequences == 0) {
      ahead.add(tenant);
    }
    while (ahead.size() > AHEAD_TENANTS_MAX
        || (!ahead.isEmpty() && ahead.first().service <= floor())) {
      tenants.remove(ahead.pollFirst().name);
    }
  }

  /** Sequences counted in, waiting or running. */
  int sequences() {
    return sequences;
  }

  /** Tenants remembered. */
  int tenants() {
    return tenants.size();
  }

  /** Who comes first of two sequences that are counted in, waiting or running. */
  int compare(Sequence a, Sequence b) {
    int byTenant = Tenant.BY_SERVICE.compare(tenants.get(a.tenant()), tenants.get(b.tenant()));
    return byTenant != 0 ? byTenant : WITHIN_TENANT.compare(a, b);
  }

  private void enqueue(Tenant tenant, Sequence sequence) {
    tenant.waiting.add(sequence);
    backlogged.add(tenant);
  }

  /** What a tenant's counter is lifted to. */
  private long floor() {
    return backlogged.isEmpty() ? lastChosenService : backlogged.first().service;
  }
}
