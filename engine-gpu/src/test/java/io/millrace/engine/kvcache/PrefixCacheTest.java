package io.millrace.engine.kvcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixCacheTest {
  private final BlockPool pool = new BlockPool(6, 2);
  private final PrefixCache cache = new PrefixCache(pool);

  @Test
  void aSequenceStartsWithTheBlocksThatAnotherLeft() {
    int[] first = {1, 2, 3, 4, 5};
    BlockTable table = computed("", first);
    int[] blocks = table.blocks().clone();
    table.release();
    assertThat(pool.cached()).isEqualTo(2);
    assertThat(pool.free()).isEqualTo(4);

    int[] second = {1, 2, 3, 4, 9, 9};
    CachedPrefix prefix = cache.find("", i -> second[i], second.length);
    assertThat(prefix.blocks()).isEqualTo(2);
    assertThat(prefix.idleBlocks()).isEqualTo(2);
    BlockTable sharing = new BlockTable(pool);
    cache.share(prefix, sharing);
    assertThat(sharing.grow(second.length)).isTrue();
    assertThat(sharing.blocks()).startsWith(blocks[0], blocks[1]);
    assertThat(pool.used()).isEqualTo(3);
    assertThat(pool.cached()).isZero();
  }

  @Test
  void isSharedWhileInUse() {
    BlockTable first = computed("", 1, 2, 3, 4);
    CachedPrefix prefix = cache.find("", position -> position + 1, 4);
    assertThat(prefix.idleBlocks()).isZero();
    BlockTable second = new BlockTable(pool);
    cache.share(prefix, second);
    assertThat(pool.references(first.blocks()[1])).isEqualTo(2);
    assertThat(pool.used()).isEqualTo(2);
  }

  @Test
  void findsWholeBlocksOfComputedTokensOnly() {
    BlockTable table = new BlockTable(pool);
    int[] tokens = {1, 2, 3, 4, 5, 6};
    table.grow(6);
    cache.add("", i -> tokens[i], table, 3);
    assertThat(blocksFound("", 1, 2, 3, 4, 5, 6)).isEqualTo(1);
    cache.add("", i -> tokens[i], table, 6);
    assertThat(blocksFound("", 1, 2, 3, 4, 5, 6)).isEqualTo(3);
    assertThat(blocksFound("", 1, 2, 3, 4, 5)).isEqualTo(2);
    assertThat(blocksFound("", 1)).isZero();
  }

  @Test
  void aBlockIsItsTokensAndAllBeforeIt() {
    computed("", 1, 2, 3, 4);
    assertThat(blocksFound("", 3, 4)).isZero();
    assertThat(blocksFound("", 9, 2, 3, 4)).isZero();
    assertThat(blocksFound("", 1, 2, 4, 3)).isEqualTo(1);
  }

  @Test
  void saltsShareNothing() {
    computed("acme", 1, 2, 3, 4);
    assertThat(blocksFound("acme", 1, 2, 3, 4)).isEqualTo(2);
    assertThat(blocksFound("", 1, 2, 3, 4)).isZero();
    assertThat(blocksFound("other", 1, 2, 3, 4)).isZero();
    // The same hash code, and yet another salt.
    computed("Aa", 1, 2);
    assertThat("BB").hasSameHashCodeAs("Aa");
    assertThat(blocksFound("BB", 1, 2)).isZero();
  }

  @Test
  void evictsWhatWasUsedLongestAgoAndTheEndOfAPrefixBeforeItsStart() {
    computed("", 1, 1, 2, 2).release();
    computed("", 3, 3, 4, 4).release();
    CachedPrefix prefix = cache.find("", position -> 1, 2);
    BlockTable again = new BlockTable(pool);
    cache.share(prefix, again);
    again.release();
    // Two are free; the order of the others is 2 2, 4 4, 3 3, 1 1.
    BlockTable other = new BlockTable(pool);
    other.grow(2 * 2);
    assertThat(cache.size()).isEqualTo(4);
    other.grow(3 * 2);
    assertThat(blocksFound("", 1, 1, 2, 2)).isEqualTo(1);
    assertThat(blocksFound("", 3, 3, 4, 4)).isEqualTo(2);
    other.grow(4 * 2);
    assertThat(blocksFound("", 3, 3, 4, 4)).isEqualTo(1);
    other.grow(5 * 2);
    assertThat(blocksFound("", 3, 3, 4, 4)).isZero();
    assertThat(blocksFound("", 1, 1)).isEqualTo(1);
    other.grow(6 * 2);
    assertThat(cache.size()).isZero();
    assertThat(other.grow(7 * 2)).isFalse();
  }

  @Test
  void whatTwoComputedAtOnceIsKeptOnce() {
    BlockTable first = computed("", 1, 2, 3, 4, 5);
    BlockTable second = new BlockTable(pool);
    second.grow(5);
    assertThat(pool.used()).isEqualTo(6);
    cache.add("", position -> position + 1, second, 5);
    assertThat(second.blocks()).startsWith(first.blocks()[0], first.blocks()[1]);
    assertThat(second.blocks()[2]).isNotEqualTo(first.blocks()[2]);
    assertThat(pool.used()).isEqualTo(4);
    assertThat(pool.free()).isEqualTo(2);
  }

  @Test
  void onlyAnEmptyTableStartsWithAPrefix() {
    BlockTable table = computed("", 1, 2);
    CachedPrefix prefix = cache.find("", position -> position + 1, 2);
    assertThatThrownBy(() -> cache.share(prefix, table)).isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 20, 60})
  void doesWhatTheDefinitionSays(int blocks) {
    for (long seed = 0; seed < 20; seed++) {
      new PrefixCacheModel(blocks, seed).run(1000);
    }
  }

  private BlockTable computed(String salt, int... tokens) {
    BlockTable table = new BlockTable(pool);
    assertThat(table.grow(tokens.length)).isTrue();
    cache.add(salt, i -> tokens[i], table, tokens.length);
    return table;
  }

  private int blocksFound(String salt, int... tokens) {
    return cache.find(salt, i -> tokens[i], tokens.length).blocks();
  }
}
