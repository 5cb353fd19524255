package io.millrace.jobs.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixReplayTest {

  @Test
  void countsTheIdsThatWereCached() {
    PrefixReplay replay = new PrefixReplay(4);
    replay.request(new long[] {1, 2, 3});
    replay.request(new long[] {1, 2, 4});
    // Four blocks: 5 and 6 take the places of 3 and 4, the least recent.
    replay.request(new long[] {5, 6});
    replay.request(new long[] {1, 2, 3, 4});
    assertThat(replay.requests()).isEqualTo(4);
    assertThat(replay.blockIds()).isEqualTo(12);
    assertThat(replay.hits()).isEqualTo(4);
    assertThat(replay.hitRate()).isCloseTo(4 / 12., within(1e-12));
  }

  @Test
  void tellsIdsOf64BitsApart() {
    PrefixReplay replay = new PrefixReplay(10);
    replay.request(new long[] {1});
    replay.request(new long[] {1L << 32 | 1});
    replay.request(new long[] {1L << 32});
    assertThat(replay.hits()).isZero();
    replay.request(new long[] {1L << 32});
    assertThat(replay.hits()).isEqualTo(1);
  }

  @Test
  void aRequestWithMoreBlocksThanThereAreMissesAndLeavesAllAsItWas() {
    PrefixReplay replay = new PrefixReplay(2);
    replay.request(new long[] {1, 2});
    replay.request(new long[] {1, 2, 3});
    replay.request(new long[] {1, 2});
    assertThat(replay.tooLong()).isEqualTo(1);
    assertThat(replay.hits()).isEqualTo(2);
    assertThat(replay.blockIds()).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(ints = {30, 100, 300, 1000, 5000})
  void isAnExactLru(int blocks) {
    List<long[]> requests = conversations(1000);
    PrefixReplay replay = new PrefixReplay(blocks);
    ListLru lru = new ListLru(blocks);
    for (long[] ids : requests) {
      replay.request(ids);
      lru.request(ids);
      assertThat(replay.hits()).isEqualTo(lru.hits);
    }
    assertThat(replay.hits()).isPositive();
    assertThat(replay.hitRate()).isLessThan(0.9);
  }

  @ParameterizedTest
  @CsvSource({"10000, 0.424", "30000, 0.624"})
  void reachesTheHitRatesOfAPublishedTrace(int blocks, double lruHitRate) throws Exception {
    String data = System.getProperty("millrace.data");
    assumeTrue(data != null, "skipped: -Dmillrace.data names no folder with traces");
    PrefixReplay replay = new PrefixReplay(blocks);
    Path trace = Path.of(data, "traces", "mooncake_synthetic_trace.jsonl");
    try (BlockTrace requests = BlockTrace.open(trace)) {
      for (long[] ids = requests.next(); ids != null; ids = requests.next()) {
        replay.request(ids);
      }
    }
    assertThat(replay.hitRate()).isCloseTo(lruHitRate, within(0.001));
  }

  /** Turns of conversations that begin with one of a few system prompts, in any order. */
  private static List<long[]> conversations(int turns) {
    Random random = new Random(1);
    List<List<Long>> open = new ArrayList<>();
    List<long[]> requests = new ArrayList<>();
    long id = 1000;
    while (requests.size() < turns) {
      if (open.size() < 20 || random.nextInt(10) == 0) {
        List<Long> start = new ArrayList<>();
        long system = random.nextInt(3) * 10L;
        for (int i = 0; i < 5; i++) {
          start.add(system + i);
        }
        open.add(start);
      }
      List<Long> conversation = open.get(random.nextInt(open.size()));
      for (int added = 1 + random.nextInt(5); added > 0; added--) {
        conversation.add(id++);
      }
      requests.add(conversation.stream().mapToLong(Long::longValue).toArray());
      if (conversation.size() > 25) {
        open.remove(conversation);
      }
    }
    return requests;
  }

  /** Least recently used by definition: a list, oldest first, of which the running hold theirs. */
  private static final class ListLru {
    private final int blocks;
    private final List<Long> idle = new ArrayList<>();
    private long hits;

    ListLru(int blocks) {
      this.blocks = blocks;
    }

    void request(long[] ids) {
      List<Long> wanted = new ArrayList<>();
      for (long id : ids) {
        wanted.add(id);
      }
      for (int i = 0; i < ids.length && idle.contains(ids[i]); i++) {
        hits++;
      }
      idle.removeAll(wanted);
      while (idle.size() + ids.length > blocks) {
        idle.remove(0);
      }
      // The end of a prompt is of less use than its start, and goes first.
      Collections.reverse(wanted);
      idle.addAll(wanted);
    }
  }
}
