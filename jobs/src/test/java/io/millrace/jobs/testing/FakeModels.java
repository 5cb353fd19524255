package io.millrace.jobs.testing;

import io.millrace.jobs.Models;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.flink.configuration.Configuration;

/**
 * Opens fakes in place of models. It travels to tasks of this JVM; what it opened there is found by
 * the name that the test gave it.
 */
public final class FakeModels implements Models {
  private static final long serialVersionUID = 1L;

  private static final Map<String, List<FakeEngine>> OPENED = new ConcurrentHashMap<>();

  private final String test;
  private final int stepsAtFirst;

  /**
   * @param test unique in this JVM
   * @param stepsAtFirst steps that the first engine may run for now; later ones run freely
   */
  public FakeModels(String test, int stepsAtFirst) {
    this.test = test;
    this.stepsAtFirst = stepsAtFirst;
    OPENED.put(test, new CopyOnWriteArrayList<>());
  }

  /** The engines opened so far, in order. */
  public List<FakeEngine> engines() {
    return OPENED.get(test);
  }

  @Override
  public ModelProfile profile(Configuration options, String model) {
    return new FakeProfile(model);
  }

  @Override
  public OpenedModel open(Configuration options, String model) {
    List<FakeEngine> opened = OPENED.get(test);
    FakeEngine engine = new FakeEngine(opened.isEmpty() ? stepsAtFirst : Integer.MAX_VALUE / 2);
    opened.add(engine);
    return new OpenedModel(
        engine, FakeEngine.TOKENIZER, "fake", () -> "digest of " + model, () -> {});
  }
}
