package io.millrace.engine.kvcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

class BlockTableTest {

  @Test
  void growsBlockByBlockAndGivesAllBack() {
    BlockPool pool = new BlockPool(8, 4);
    BlockTable table = new BlockTable(pool);
    assertThat(table.grow(1)).isTrue();
    assertThat(table.size()).isEqualTo(1);
    assertThat(table.grow(4)).isTrue();
    assertThat(table.size()).isEqualTo(1);
    assertThat(table.grow(5)).isTrue();
    assertThat(table.size()).isEqualTo(2);
    assertThat(table.capacityTokens()).isEqualTo(8);
    assertThat(table.slot(5)).isEqualTo(table.blocks()[1] * 4 + 1);
    table.release();
    assertThat(pool.free()).isEqualTo(8);
    assertThat(table.size()).isZero();
  }

  @Test
  void takesAllItLacksOrNothing() {
    BlockPool pool = new BlockPool(3, 4);
    BlockTable first = new BlockTable(pool);
    BlockTable second = new BlockTable(pool);
    assertThat(first.grow(8)).isTrue();
    assertThat(second.grow(5)).isFalse();
    assertThat(second.size()).isZero();
    assertThat(second.grow(4)).isTrue();
  }

  @Test
  void everyPositionHasASlotOfItsOwn() {
    BlockPool pool = new BlockPool(30, 3);
    BlockTable[] tables = {new BlockTable(pool), new BlockTable(pool), new BlockTable(pool)};
    BitSet slots = new BitSet();
    for (int position = 0; position < 30; position++) {
      for (BlockTable table : tables) {
        assertThat(table.grow(position + 1)).isTrue();
        assertThat(slots.get(table.slot(position))).isFalse();
        slots.set(table.slot(position));
      }
    }
    assertThat(slots.cardinality()).isEqualTo(pool.size() * pool.blockTokens());
  }

  @Test
  void refusesAPositionBeyondItsBlocks() {
    BlockTable table = new BlockTable(new BlockPool(2, 4));
    table.grow(4);
    assertThatThrownBy(() -> table.slot(4))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("position 4 is beyond the table's 1 blocks");
  }
}
