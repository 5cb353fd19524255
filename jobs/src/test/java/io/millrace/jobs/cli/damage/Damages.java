package io.millrace.jobs.cli.damage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** All damages of all samples; the same ones each time. */
public final class Damages {
  private static final long SEED = 20261123;
  private static final int FLIPS = 24;

  private Damages() {}

  public static List<ModelSample> samples() throws IOException {
    return List.of(ModelSample.shipped(), ModelSample.split(), FolderSample.of(SEED));
  }

  /** So many of them, each kind of sample and harm alike; all if there are no more. */
  public static List<Damage> some(int count, long seed) throws IOException {
    List<Damage> all = all();
    Collections.shuffle(all, new Random(seed));
    Map<String, List<Damage>> kinds = new TreeMap<>();
    for (Damage damage : all) {
      String kind = damage.model().name() + damage.harm();
      kinds.computeIfAbsent(kind, k -> new ArrayList<>()).add(damage);
    }
    List<Damage> some = new ArrayList<>();
    for (int round = 0; some.size() < Math.min(count, all.size()); round++) {
      for (List<Damage> its : kinds.values()) {
        if (some.size() < count && round < its.size()) {
          some.add(its.get(round));
        }
      }
    }
    return some;
  }

  private static List<Damage> all() throws IOException {
    List<Damage> all = new ArrayList<>();
    for (ModelSample sample : samples()) {
      all.addAll(
          sample.opened().isEmpty()
              ? FolderDamages.of(sample, FLIPS, SEED)
              : GgufDamages.of(sample, FLIPS, SEED));
    }
    return all;
  }
}
