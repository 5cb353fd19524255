package io.millrace.jobs.generate;

import io.millrace.engine.GenerationRequest;
import io.millrace.jobs.state.AdmittedPrompt;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who goes to the engine next. The prompts of a generate subtask that lead an answer stand in keyed
 * state from the moment they come; the engine is given only as many as keep it busy, and this is
 * the index, in memory, of those that wait.
 *
 * <p><b>The policy.</b>
 *
 * <ol>
 *   <li>The lowest priority value.
 *   <li>Within a priority, the tenant that has the fewest choices at the engine; if there are
 *       several, the one whose turn was longest ago. So each tenant that waits has its part of what
 *       the engine chooses from, and the engine, which counts the tokens it served each, can be
 *       fair between them however much each of them sends.
 *   <li>Within a tenant, the earliest deadline, then the earliest admission.
 *   <li>But after {@code overtakesMax} that were not the longest admitted, the longest admitted is
 *       next, as in the engine: no one waits for ever behind others' priority.
 * </ol>
 *
 * <p><b>Why here.</b> A prompt can only be served fairly once it has passed everything that is
 * first in, first out: Kafka's partition and Flink's channels. So the subtask reads on while its
 * engine is busy, up to the {@link Backlog}'s bounds. An operator before this one could do the same
 * but would have to be told what has ended, which is known downstream at checkpoints only; here it
 * is known at once, and equal prompts meet while they wait.
 *
 * <p>Adding and removing take O(log n) time, choosing takes time in the number of tenants that
 * wait. The task's thread only.
 */
final class WaitingPrompts {

  /** What must be known of a prompt that waits; the rest of it is in keyed state. */
  private record Entry(
      String fingerprint,
      String tenant,
      int priority,
      long deadlineMs,
      long admittedMs,
      long number) {
    static final Comparator<Entry> BY_ADMISSION =
        Comparator.comparingLong(Entry::admittedMs).thenComparingLong(Entry::number);
    static final Comparator<Entry> BY_DEADLINE =
        Comparator.comparingLong(Entry::deadlineMs).thenComparing(BY_ADMISSION);
  }

  /** A tenant with prompts that wait or are at the engine. */
  private static final class Tenant {
    int choicesAtEngine;
    int waiting;
    long lastTurn;
  }

  private final int choicesMax;
  private final int overtakesMax;

  private final Map<String, Entry> byFingerprint = new HashMap<>();
  private final Map<String, Tenant> tenants = new HashMap<>();

  /** By priority, then by tenant. */
  private final TreeMap<Integer, Map<String, TreeSet<Entry>>> queues = new TreeMap<>();

  private final TreeSet<Entry> byAdmission = new TreeSet<>(Entry.BY_ADMISSION);

  /** Those that have a deadline. */
  private final TreeSet<Entry> byDeadline = new TreeSet<>(Entry.BY_DEADLINE);

  private int choicesAtEngine;
  private int overtakes;
  private long turns;
  private long numbers;

  /**
   * @param choicesMax choices at the engine before the next prompt waits
   * @param overtakesMax prompts that may go before the one admitted first
   */
  WaitingPrompts(int choicesMax, int overtakesMax) {
    this.choicesMax = choicesMax;
    this.overtakesMax = overtakesMax;
  }

  /** Has a prompt wait that leads an answer. */
  void add(AdmittedPrompt prompt) {
    add(prompt, GenerateState.deadlineMs(prompt));
  }

  /**
   * Has a prompt wait that leads an answer.
   *
   * @param deadlineMs when the last of those who wait for the answer stops to
   */
  void add(AdmittedPrompt prompt, long deadlineMs) {
    Entry entry =
        new Entry(
            prompt.getFingerprint(),
            prompt.getTenant(),
            prompt.getPriority(),
            deadlineMs,
            prompt.getAdmittedMs(),
            numbers++);
    byFingerprint.put(entry.fingerprint(), entry);
    queues
        .computeIfAbsent(entry.priority(), priority -> new HashMap<>())
        .computeIfAbsent(entry.tenant(), tenant -> new TreeSet<>(Entry.BY_DEADLINE))
        .add(entry);
    byAdmission.add(entry);
    if (deadlineMs != GenerationRequest.NO_DEADLINE) {
      byDeadline.add(entry);
    }
    tenant(entry.tenant()).waiting++;
  }

  /** Whether a prompt of this fingerprint waits. */
  boolean contains(String fingerprint) {
    return byFingerprint.containsKey(fingerprint);
  }

  boolean isEmpty() {
    return byFingerprint.isEmpty();
  }

  /** Prompts that wait. */
  int size() {
    return byFingerprint.size();
  }

  /** Whether the engine has room for anyone's. */
  boolean engineHasRoom() {
    return choicesAtEngine < choicesMax;
  }

  /**
   * Whether the engine is to be given the next of those that wait. For tenants that have nothing
   * there, half as much room again is kept: they need not wait for an answer of others to end.
   */
  boolean hasTurn() {
    return !isEmpty()
        && (engineHasRoom()
            || (choicesAtEngine < choicesMax + choicesMax / 2
                && tenant(next().tenant()).choicesAtEngine == 0));
  }

  /** Takes the one that is next, of some that wait: its fingerprint. */
  String take() {
    Entry next = next();
    overtakes = next.equals(byAdmission.first()) ? 0 : overtakes + 1;
    remove(next);
    return next.fingerprint();
  }

  /** Takes those whose deadline has passed: their fingerprints. */
  List<String> takeDue(long nowMs) {
    List<String> due = new ArrayList<>();
    while (!byDeadline.isEmpty() && byDeadline.first().deadlineMs() <= nowMs) {
      Entry entry = byDeadline.first();
      remove(entry);
      due.add(entry.fingerprint());
    }
    return due;
  }

  /** The engine was given all choices of a prompt. */
  void began(AdmittedPrompt prompt) {
    Tenant tenant = tenant(prompt.getTenant());
    tenant.choicesAtEngine += prompt.getSampling().getN();
    tenant.lastTurn = ++turns;
    choicesAtEngine += prompt.getSampling().getN();
  }

  /** All choices of a prompt have ended. */
  void ended(AdmittedPrompt prompt) {
    tenant(prompt.getTenant()).choicesAtEngine -= prompt.getSampling().getN();
    choicesAtEngine -= prompt.getSampling().getN();
    forgetIfIdle(prompt.getTenant());
  }

  /** Tenants remembered: those with prompts that wait or are at the engine. */
  int tenants() {
    return tenants.size();
  }

  private Entry next() {
    return overtakes >= overtakesMax ? byAdmission.first() : best();
  }

  private Entry best() {
    Map<String, TreeSet<Entry>> queue = queues.firstEntry().getValue();
    Tenant best = null;
    TreeSet<Entry> of = null;
    for (Map.Entry<String, TreeSet<Entry>> candidate : queue.entrySet()) {
      Tenant tenant = tenants.get(candidate.getKey());
      if (best == null || comesBefore(tenant, best)) {
        best = tenant;
        of = candidate.getValue();
      }
    }
    return of.first();
  }

  private static boolean comesBefore(Tenant a, Tenant b) {
    return a.choicesAtEngine != b.choicesAtEngine
        ? a.choicesAtEngine < b.choicesAtEngine
        : a.lastTurn < b.lastTurn;
  }

  private void remove(Entry entry) {
    byFingerprint.remove(entry.fingerprint());
    byAdmission.remove(entry);
    byDeadline.remove(entry);
    Map<String, TreeSet<Entry>> queue = queues.get(entry.priority());
    TreeSet<Entry> ofTenant = queue.get(entry.tenant());
    ofTenant.remove(entry);
    if (ofTenant.isEmpty()) {
      queue.remove(entry.tenant());
    }
    if (queue.isEmpty()) {
      queues.remove(entry.priority());
    }
    tenants.get(entry.tenant()).waiting--;
    forgetIfIdle(entry.tenant());
  }

  private Tenant tenant(String name) {
    return tenants.computeIfAbsent(name, n -> new Tenant());
  }

  private void forgetIfIdle(String name) {
    Tenant tenant = tenants.get(name);
    if (tenant.waiting == 0 && tenant.choicesAtEngine == 0) {
      tenants.remove(name);
    }
  }
}
