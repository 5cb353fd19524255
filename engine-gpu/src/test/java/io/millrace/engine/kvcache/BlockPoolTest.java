package io.millrace.engine.kvcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BlockPoolTest {

  @Test
  void aBlockIsUsedUntilItsLastReferenceIsReleased() {
    BlockPool pool = new BlockPool(4, 16);
    int block = pool.allocate();
    pool.retain(block);
    pool.release(block);
    assertThat(pool.used()).isEqualTo(1);
    pool.release(block);
    assertThat(pool.used()).isZero();
    assertThat(pool.free()).isEqualTo(4);
  }

  @Test
  void refusesWhatWouldBreakTheBooks() {
    BlockPool pool = new BlockPool(1, 16);
    assertThatThrownBy(() -> pool.release(0)).hasMessage("KV block 0 is not in use");
    assertThatThrownBy(() -> pool.retain(0)).hasMessage("KV block 0 is not in use");
    pool.allocate();
    assertThatThrownBy(pool::allocate).hasMessage("all 1 KV blocks are in use");
    assertThatThrownBy(() -> new BlockPool(0, 16)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void roundsUpToWholeBlocks() {
    BlockPool pool = new BlockPool(1, 16);
    assertThat(pool.blocksFor(0)).isZero();
    assertThat(pool.blocksFor(16)).isEqualTo(1);
    assertThat(pool.blocksFor(17)).isEqualTo(2);
    assertThat(pool.blocksFor(Integer.MAX_VALUE)).isEqualTo(1 << 27);
  }

  @Test
  void usedAndFreeAreAlwaysAll() {
    Random random = new Random(1);
    BlockPool pool = new BlockPool(20, 4);
    List<Integer> references = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      int what = random.nextInt(3);
      if (what == 0 && pool.free() > 0) {
        int block = pool.allocate();
        assertThat(references).doesNotContain(block);
        references.add(block);
      } else if (!references.isEmpty()) {
        int at = random.nextInt(references.size());
        if (what == 1 && references.size() < 100) {
          pool.retain(references.get(at));
          references.add(references.get(at));
        } else {
          pool.release(references.remove(at));
        }
      }
      assertThat(pool.used()).isEqualTo((int) references.stream().distinct().count());
      assertThat(pool.used() + pool.free()).isEqualTo(pool.size());
    }
  }
}
