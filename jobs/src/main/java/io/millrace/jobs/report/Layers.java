package io.millrace.jobs.report;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where each layer stands in the queries' rows, and which of them are worth showing.
 *
 * @param named tenants or models, the dearest first
 * @param shownIndexes positions of those that are shown
 * @param shown these
 */
record Layers(List<String> named, int[] shownIndexes, List<Layer> shown) {

  static Layers of(Ranking top, Costs costs) {
    List<String> named = new ArrayList<>();
    List<Layer> layers = new ArrayList<>();
    for (Group group : top.groups()) {
      if (group.sums().costs().answers().signum() != 0) {
        named.add(group.name());
        layers.add(new Layer(Layer.Kind.NAMED, group.name()));
      }
    }
    int[] indexes = new int[named.size() + 3];
    int count = named.size();
    Arrays.setAll(indexes, i -> i);
    if (top.others() > 0) {
      indexes[count++] = named.size();
      layers.add(new Layer(Layer.Kind.OTHERS, null));
    }
    if (costs.idle().signum() != 0) {
      indexes[count++] = named.size() + 1;
      layers.add(new Layer(Layer.Kind.IDLE, null));
    }
    if (costs.recovery().signum() != 0 || costs.other().signum() != 0) {
      indexes[count++] = named.size() + 2;
      layers.add(new Layer(Layer.Kind.RECOVERY, null));
    }
    return new Layers(named, Arrays.copyOf(indexes, count), List.copyOf(layers));
  }

  int others() {
    return named.size();
  }

  int idle() {
    return named.size() + 1;
  }

  int recovery() {
    return named.size() + 2;
  }

  BigDecimal[] zeros() {
    BigDecimal[] zeros = new BigDecimal[named.size() + 3];
    Arrays.fill(zeros, BigDecimal.ZERO);
    return zeros;
  }

  List<BigDecimal> shown(BigDecimal[] parts) {
    BigDecimal[] all = parts == null ? zeros() : parts;
    return Arrays.stream(shownIndexes).mapToObj(i -> all[i]).toList();
  }
}
