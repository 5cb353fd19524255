package io.millrace.jobs.testing;

import io.millrace.engine.Engine;
import io.millrace.engine.EngineStats;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RequestRejectedException;
import java.util.List;

/** An engine that is another, but for what a test overrides. */
public class ForwardingEngine implements Engine {
  private final Engine engine;

  public ForwardingEngine(Engine engine) {
    this.engine = engine;
  }

  @Override
  public void submit(GenerationRequest request) throws RequestRejectedException {
    engine.submit(request);
  }

  @Override
  public List<GenerationUpdate> step() {
    return engine.step();
  }

  @Override
  public boolean cancel(String requestId) {
    return engine.cancel(requestId);
  }

  @Override
  public boolean hasWork() {
    return engine.hasWork();
  }

  @Override
  public EngineStats stats() {
    return engine.stats();
  }

  @Override
  public void close() {
    engine.close();
  }
}
