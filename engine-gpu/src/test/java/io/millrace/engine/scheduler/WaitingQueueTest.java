package io.millrace.engine.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.FakeTokenizer;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.kvcache.BlockPool;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WaitingQueueTest {
  private static final long NEVER = GenerationRequest.NO_DEADLINE;

  private final BlockPool pool = new BlockPool(10, 4);
  private WaitingQueue queue = new WaitingQueue(1000);
  private long arrivals;

  @Test
  void theTenantThatWasServedLeastIsNext() {
    add("acme 1", "acme");
    add("acme 2", "acme");
    add("acme 3", "acme");
    add("other 1", "other");
    add("other 2", "other");
    // Both have had nothing; acme came first, and pays for a prompt of 10 tokens.
    assertThat(join(10)).isEqualTo("acme 1");
    Sequence other = queue.first();
    assertThat(join(4)).isEqualTo("other 1");
    assertThat(join(2)).isEqualTo("other 2");
    // What its answer costs, it pays as it is drawn.
    queue.drawn(other, 3);
    add("other 3", "other");
    assertThat(join(0)).isEqualTo("acme 2");
    assertThat(join(0)).isEqualTo("acme 3");
    assertThat(join(0)).isEqualTo("other 3");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void aLowerPriorityValueGoesFirstWhateverItsTenantHad() {
    add("low", "modest", 1, NEVER);
    add("high 1", "greedy", 0, NEVER);
    add("high 2", "greedy", 0, NEVER);
    assertThat(join(1000)).isEqualTo("high 1");
    assertThat(join(1000)).isEqualTo("high 2");
    assertThat(join(1)).isEqualTo("low");
  }

  @Test
  void withinATenantTheEarliestDeadlineGoesFirstThenArrival() {
    add("none", "acme", 0, NEVER);
    add("late", "acme", 0, 2000);
    add("soon", "acme", 0, 1000);
    add("late too", "acme", 0, 2000);
    assertThat(joinAll()).containsExactly("soon", "late", "late too", "none");
  }

  @Test
  void thePreemptedGoesToTheHeadOfItsTenant() {
    Sequence preempted = add("preempted", "acme");
    join(5);
    preempted.join(0);
    add("other", "other");
    add("soon", "acme", 0, 1);
    queue.putBack(preempted);
    // Not before another tenant that had less.
    assertThat(joinAll()).containsExactly("other", "preempted", "soon");
  }

  @Test
  void whoHadNothingWaitingGetsNoCreditForThatTime() {
    add("acme 1", "acme");
    join(1000);
    add("acme 2", "acme");
    add("acme 3", "acme");
    add("newcomer 1", "newcomer");
    add("newcomer 2", "newcomer");
    // The newcomer starts where acme is, and not a thousand tokens behind it.
    assertThat(join(10)).isEqualTo("acme 2");
    assertThat(join(20)).isEqualTo("newcomer 1");
    assertThat(join(10)).isEqualTo("acme 3");
  }

  @Test
  void whoHadMoreThanItsShareIsNotForgivenByHavingNothing() {
    add("patient 1", "patient");
    Sequence greedy = add("greedy 1", "greedy");
    add("patient 2", "patient");
    assertThat(join(10)).isEqualTo("patient 1");
    assertThat(join(1000)).isEqualTo("greedy 1");
    queue.forget(greedy);
    add("greedy 2", "greedy");
    add("patient 3", "patient");
    assertThat(join(10)).isEqualTo("patient 2");
    assertThat(join(10)).isEqualTo("patient 3");
    assertThat(join(10)).isEqualTo("greedy 2");
  }

  @Test
  void whoHasWaitedLongestIsOvertakenALimitedNumberOfTimes() {
    queue = new WaitingQueue(3);
    Sequence old = add("old", "a", 9, NEVER);
    Sequence old2 = add("old 2", "a", 9, NEVER);
    for (int i = 0; i < 20; i++) {
      add("young " + i, "a", 0, NEVER);
    }
    assertThat(List.of(join(1), join(1), join(1), join(1)))
        .containsExactly("young 0", "young 1", "young 2", "old");
    assertThat(old.isSenior()).isTrue();
    assertThat(old2.isSenior()).isFalse();
    // Preempted, it is next again, before what has waited longer.
    queue.putBack(old);
    assertThat(join(0)).isEqualTo("old");
    assertThat(List.of(join(1), join(1), join(1), join(1)))
        .containsExactly("young 3", "young 4", "young 5", "old 2");
  }

  @Test
  void whoIsPreemptedTooOftenGoesBeforeAllOthers() {
    queue = new WaitingQueue(2);
    add("other", "a", 0, NEVER);
    Sequence unlucky = add("unlucky", "a", 9, NEVER);
    for (int i = 0; i < 3; i++) {
      queue.take(unlucky);
      unlucky.join(0);
      unlucky.preempt();
      queue.putBack(unlucky);
      assertThat(queue.first().id()).isEqualTo(i < 2 ? "other" : "unlucky");
    }
    assertThat(unlucky.isSenior()).isTrue();
  }

  @Test
  void nothingIsLeftOfTenantsWithoutSequences() {
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      sequences.add(add("s" + i, "tenant " + i, i % 3, NEVER));
    }
    assertThat(queue.tenants()).isEqualTo(5000);
    for (int i = 0; i < 4000; i++) {
      Sequence first = queue.first();
      queue.join(first, 1 + i % 7);
      queue.forget(first);
      sequences.remove(first);
    }
    // Those that are ahead of the others of their priority are remembered, up to a bound.
    assertThat(queue.tenants()).isLessThanOrEqualTo(1000 + 3 * FairQueue.AHEAD_TENANTS_MAX);
    sequences.forEach(queue::forget);
    assertThat(queue.tenants()).isZero();
    assertThat(queue.isEmpty()).isTrue();
  }

  private Sequence add(String id, String tenant) {
    return add(id, tenant, 0, NEVER);
  }

  private Sequence add(String id, String tenant, int priority, long deadlineMs) {
    GenerationRequest request =
        new GenerationRequest(
            id,
            new int[] {1},
            SamplingParams.greedy(1),
            priority,
            List.of(),
            "",
            tenant,
            deadlineMs);
    Sequence sequence = new Sequence(request, arrivals++, 2, new FakeTokenizer(), pool);
    queue.add(sequence);
    return sequence;
  }

  private String join(int promptTokens) {
    Sequence first = queue.first();
    queue.join(first, promptTokens);
    return first.id();
  }

  private List<String> joinAll() {
    List<String> ids = new ArrayList<>();
    while (!queue.isEmpty()) {
      ids.add(join(1));
    }
    return ids;
  }
}
