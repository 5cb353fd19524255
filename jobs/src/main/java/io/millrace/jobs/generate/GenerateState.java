package io.millrace.jobs.generate;

import io.millrace.engine.GenerationRequest;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.jobs.state.Progress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;

/**
 * Keyed state of the generate vertex; the key is a prompt's fingerprint.
 *
 * <p>In flight: the prompt that leads, the equal prompts that follow it, and the answer so far.
 * They live until the answer is out. Cached: the answer, for as long as it may be reused. Every
 * method works on the current key, but for {@link #keysInFlight}.
 */
final class GenerateState {
  private static final String LEADER = "leader";

  private final ValueState<AdmittedPrompt> leader;
  private final ListState<AdmittedPrompt> followers;
  private final ListState<Progress> progress;
  private final ValueState<CachedAnswer> cached;

  /**
   * @param cacheTtl upper bound on how long an answer is kept
   */
  GenerateState(RuntimeContext context, Duration cacheTtl) {
    leader =
        context.getState(
            new ValueStateDescriptor<>(LEADER, new AvroTypeInfo<>(AdmittedPrompt.class)));
    followers =
        context.getListState(
            new ListStateDescriptor<>("followers", new AvroTypeInfo<>(AdmittedPrompt.class)));
    progress =
        context.getListState(
            new ListStateDescriptor<>("progress", new AvroTypeInfo<>(Progress.class)));
    ValueStateDescriptor<CachedAnswer> descriptor =
        new ValueStateDescriptor<>("cached", new AvroTypeInfo<>(CachedAnswer.class));
    descriptor.enableTimeToLive(
        StateTtlConfig.newBuilder(cacheTtl)
            .cleanupInRocksdbCompactFilter(1000)
            .cleanupIncrementally(10, false)
            .build());
    cached = context.getState(descriptor);
  }

  void lead(AdmittedPrompt prompt) throws Exception {
    leader.update(prompt);
  }

  AdmittedPrompt leader() throws Exception {
    return leader.value();
  }

  void follow(AdmittedPrompt prompt) throws Exception {
    followers.add(prompt);
  }

  List<AdmittedPrompt> followers() throws Exception {
    return list(followers.get());
  }

  void record(List<Progress> gained) throws Exception {
    if (!gained.isEmpty()) {
      progress.addAll(gained);
    }
  }

  List<Progress> recorded() throws Exception {
    return list(progress.get());
  }

  /** When the last of those who wait for the answer stops to; never, if one does not say. */
  long latestDeadlineMs() throws Exception {
    long latest = deadlineMs(leader());
    for (AdmittedPrompt follower : followers()) {
      latest = Math.max(latest, deadlineMs(follower));
    }
    return latest;
  }

  static long deadlineMs(AdmittedPrompt prompt) {
    return prompt.getDeadlineMs() == null ? GenerationRequest.NO_DEADLINE : prompt.getDeadlineMs();
  }

  /**
   * Forgets the progress of an answer, which begins again.
   *
   * @return the device time that it took, nanoseconds; empty if there was none
   */
  OptionalLong beginAgain() throws Exception {
    List<Progress> recorded = recorded();
    if (recorded.isEmpty()) {
      return OptionalLong.empty();
    }
    AdmittedPrompt prompt = leader();
    int attempt =
        recorded.stream()
            .mapToInt(p -> p.getRemote() == null ? 0 : p.getRemote().getCalls())
            .reduce(prompt.getAttempt() + 1, Math::max);
    leader.update(AdmittedPrompt.newBuilder(prompt).setAttempt(attempt).build());
    progress.clear();
    return OptionalLong.of(
        recorded.stream().mapToLong(p -> p.getPrefillNanos() + p.getDecodeNanos()).sum());
  }

  /** Forgets what is in flight. */
  void settle() {
    leader.clear();
    followers.clear();
    progress.clear();
  }

  /** The answer that may still be reused at this time, or null. */
  CachedAnswer cached(long nowMs) throws Exception {
    CachedAnswer answer = cached.value();
    return answer == null || answer.getExpiresMs() <= nowMs ? null : answer;
  }

  /** Keeps an answer for equal prompts, unless it is larger than this. */
  void cache(CachedAnswer answer, long bytesMax) throws Exception {
    if (CachedChoices.size(answer) <= bytesMax) {
      cached.update(answer);
    }
  }

  /** Every key with an answer in progress, as a list: state may change while it is walked. */
  static List<String> keysInFlight(KeyedStateBackend<String> backend) {
    try (Stream<String> keys = backend.getKeys(LEADER, VoidNamespace.INSTANCE)) {
      return keys.toList();
    }
  }

  private static <T> List<T> list(Iterable<T> items) {
    List<T> list = new ArrayList<>();
    if (items != null) {
      items.forEach(list::add);
    }
    return list;
  }
}
