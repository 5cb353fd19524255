package io.millrace.jobs.fuzz;

import io.millrace.engine.Engine;
import io.millrace.engine.EngineStats;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.TokenOutput;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An engine that answers everything with one token in one step, but for some requests, by their
 * ids: those it refuses, and those it fails on.
 */
final class QuickEngine implements Engine {
  private static final int TOKEN = 1;

  private final Map<String, GenerationRequest> running = new LinkedHashMap<>();
  private long steps;

  @Override
  public void submit(GenerationRequest request) throws RequestRejectedException {
    if (Math.floorMod(request.id().hashCode(), 101) == 0) {
      throw new RequestRejectedException("refused by the fake", false);
    }
    running.put(request.id(), request);
  }

  @Override
  public List<GenerationUpdate> step() {
    steps++;
    List<GenerationUpdate> updates = new ArrayList<>();
    long nowMs = System.currentTimeMillis();
    for (GenerationRequest request : running.values()) {
      if (request.deadlineMs() <= nowMs) {
        updates.add(ended(request, FinishReason.EXPIRED, null));
      } else if (Math.floorMod(request.id().hashCode(), 53) == 0) {
        updates.add(ended(request, FinishReason.ERROR, "failed by the fake"));
      } else {
        updates.add(ended(request, FinishReason.STOP, null));
      }
    }
    running.clear();
    return updates;
  }

  private static GenerationUpdate ended(
      GenerationRequest request, FinishReason reason, String error) {
    boolean answered = reason == FinishReason.STOP;
    List<TokenOutput> tokens =
        answered ? List.of(new TokenOutput(TOKEN, -0.5f, List.of(), false)) : List.of();
    return new GenerationUpdate(
        request.id(), tokens, answered ? "ok" : "", reason, error, 0, 1, 1_000);
  }

  @Override
  public boolean cancel(String requestId) {
    return running.remove(requestId) != null;
  }

  @Override
  public boolean hasWork() {
    return !running.isEmpty();
  }

  @Override
  public EngineStats stats() {
    return new EngineStats(running.size(), 0, 0, 0, 1, steps, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public void close() {
    running.clear();
  }
}
