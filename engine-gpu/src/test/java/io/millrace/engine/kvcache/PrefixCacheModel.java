package io.millrace.engine.kvcache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Runs a prefix cache at random beside its definition, in which a block's identity is the text of
 * its salt and of all tokens up to its end, and the idle ones stand in a list in the order in which
 * their last users let go of them.
 */
final class PrefixCacheModel {
  private static final int BLOCK_TOKENS = 2;

  private static final class Running {
    final String salt;
    final int[] tokens;
    final BlockTable table;

    /** Identities of the findable blocks. */
    final List<String> keys = new ArrayList<>();

    Running(String salt, int[] tokens, BlockTable table) {
      this.salt = salt;
      this.tokens = tokens;
      this.table = table;
    }

    String key(int blockIndex) {
      return key(salt, tokens, blockIndex);
    }

    static String key(String salt, int[] tokens, int blockIndex) {
      return salt + Arrays.toString(Arrays.copyOf(tokens, (blockIndex + 1) * BLOCK_TOKENS));
    }
  }

  private final Random random;
  private final BlockPool pool;
  private final PrefixCache cache;
  private final List<Running> running = new ArrayList<>();

  // The definition's state.
  private final Map<String, Integer> usersByKey = new HashMap<>();
  private final LinkedHashSet<String> idle = new LinkedHashSet<>();
  private int unnamed;

  PrefixCacheModel(int blocks, long seed) {
    random = new Random(seed);
    pool = new BlockPool(blocks, BLOCK_TOKENS);
    cache = new PrefixCache(pool);
  }

  void run(int actions) {
    for (int i = 0; i < actions; i++) {
      int what = random.nextInt(4);
      if (what == 0 || running.isEmpty()) {
        begin();
      } else if (what < 3) {
        compute(running.get(random.nextInt(running.size())));
      } else {
        end(running.remove(random.nextInt(running.size())));
      }
      assertThat(pool.used()).isEqualTo(usersByKey.size() + unnamed);
      assertThat(pool.cached()).isEqualTo(idle.size());
      assertThat(pool.used() + pool.free() + pool.cached()).isEqualTo(pool.size());
      assertThat(cache.size()).isEqualTo(usersByKey.size() + idle.size());
    }
  }

  private void begin() {
    String salt = random.nextInt(3) == 0 ? "x" : "";
    int[] tokens = random.ints(1 + random.nextInt(16), 0, 2).toArray();
    int found = 0;
    while (found < tokens.length / BLOCK_TOKENS && isKnown(Running.key(salt, tokens, found))) {
      found++;
    }
    CachedPrefix prefix = cache.find(salt, i -> tokens[i], tokens.length);
    assertThat(prefix.blocks()).isEqualTo(found);

    Running sequence = new Running(salt, tokens, new BlockTable(pool));
    cache.share(prefix, sequence.table);
    for (int i = 0; i < found; i++) {
      use(sequence, i);
    }
    int missing = pool.blocksFor(tokens.length) - found;
    boolean room = missing <= pool.size() - usersByKey.size() - unnamed;
    assertThat(sequence.table.grow(tokens.length)).isEqualTo(room);
    if (!room) {
      end(sequence);
      return;
    }
    for (int i = 0; i < missing; i++) {
      if (usersByKey.size() + unnamed + idle.size() == pool.size()) {
        idle.remove(idle.iterator().next());
      }
      unnamed++;
    }
    running.add(sequence);
  }

  private void compute(Running sequence) {
    int from = sequence.keys.size() * BLOCK_TOKENS;
    int computed = from + random.nextInt(sequence.tokens.length - from + 1);
    cache.add(sequence.salt, i -> sequence.tokens[i], sequence.table, computed);
    for (int i = sequence.keys.size(); i < computed / BLOCK_TOKENS; i++) {
      use(sequence, i);
      unnamed--;
    }
  }

  private void end(Running sequence) {
    unnamed -= sequence.table.size() - sequence.keys.size();
    sequence.table.release();
    for (int i = sequence.keys.size() - 1; i >= 0; i--) {
      String key = sequence.keys.get(i);
      if (usersByKey.merge(key, -1, Integer::sum) == 0) {
        usersByKey.remove(key);
        idle.add(key);
      }
    }
  }

  private void use(Running sequence, int blockIndex) {
    String key = sequence.key(blockIndex);
    idle.remove(key);
    usersByKey.merge(key, 1, Integer::sum);
    sequence.keys.add(key);
  }

  private boolean isKnown(String key) {
    return usersByKey.containsKey(key) || idle.contains(key);
  }
}
