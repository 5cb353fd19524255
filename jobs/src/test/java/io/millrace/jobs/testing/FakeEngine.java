package io.millrace.jobs.testing;

import io.millrace.engine.Engine;
import io.millrace.engine.EngineStats;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An engine whose answer is the prompt in upper case, one character a token, one token a step;
 * choices after the first have as many stars more as their number. A prompt that holds {@code FAIL}
 * fails at its third token, the first that holds {@code FLAKY} too; one that holds {@code REFUSE}
 * is refused, {@code BREAK} breaks submission, {@code EXPLODE} the engine. Steps run only as {@link
 * #allow allowed}. Deadlines pass when {@link #setTimeMs} says so.
 */
public final class FakeEngine implements Engine {
  /** A token is a character; each step of one sequence takes this long. */
  public static final long STEP_NANOS = 1_000;

  private record Running(GenerationRequest request, String answer, int generated) {}

  private final Map<String, Running> running = new LinkedHashMap<>();
  private final Semaphore steps;
  private final AtomicLong stepsAllowed;
  private final AtomicLong stepsEntered = new AtomicLong();
  private final AtomicLong tokensGenerated = new AtomicLong();
  private boolean flaked;
  private volatile boolean closed;
  private volatile long timeMs;

  /**
   * @param steps how many steps may run for now
   */
  public FakeEngine(int steps) {
    this.steps = new Semaphore(steps);
    this.stepsAllowed = new AtomicLong(steps);
  }

  /** Lets so many further steps run. */
  public void allow(int more) {
    stepsAllowed.addAndGet(more);
    steps.release(more);
  }

  /** Whether the engine's thread has told of all its steps and waits to be allowed another. */
  public boolean waitsForSteps() {
    return stepsEntered.get() > stepsAllowed.get();
  }

  /** Sets the time that deadlines are compared with. */
  public void setTimeMs(long epochMillis) {
    timeMs = epochMillis;
  }

  /** What this engine answers. */
  public static String answer(String prompt, int choice) {
    return prompt.toUpperCase(Locale.ROOT) + "*".repeat(choice);
  }

  public long tokensGenerated() {
    return tokensGenerated.get();
  }

  public boolean closed() {
    return closed;
  }

  @Override
  public void submit(GenerationRequest request) throws RequestRejectedException {
    String prompt = text(request.promptTokens());
    if (prompt.contains("REFUSE")) {
      throw new RequestRejectedException("refused", false);
    }
    if (prompt.contains("BREAK")) {
      throw new IllegalStateException("a fault that quotes the prompt: " + prompt);
    }
    String answer = answer(prompt, request.sampling().choice());
    for (int i = 0; i < request.resumed().size(); i++) {
      if (request.resumed().get(i).id() != answer.charAt(i)) {
        throw new IllegalStateException("resumed with tokens that were never generated");
      }
    }
    if (running.putIfAbsent(request.id(), new Running(request, answer, request.resumed().size()))
        != null) {
      throw new IllegalStateException("submitted twice: " + request.id());
    }
  }

  @Override
  public List<GenerationUpdate> step() {
    stepsEntered.incrementAndGet();
    try {
      steps.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
    List<GenerationUpdate> updates = new ArrayList<>();
    for (Running r : List.copyOf(running.values())) {
      updates.add(step(r));
    }
    return updates;
  }

  private GenerationUpdate step(Running r) {
    String id = r.request().id();
    if (r.request().deadlineMs() <= timeMs) {
      running.remove(id);
      return new GenerationUpdate(id, List.of(), "", FinishReason.EXPIRED, null, 0, 0, 0);
    }
    if (r.answer().contains("EXPLODE")) {
      throw new IllegalStateException("the model broke");
    }
    boolean flaky = !flaked && r.answer().contains("FLAKY");
    if ((flaky || r.answer().contains("FAIL")) && r.generated() == 2) {
      flaked |= flaky;
      running.remove(id);
      return new GenerationUpdate(
          id, List.of(), "", FinishReason.ERROR, "logits are not numbers", 0, 1, STEP_NANOS);
    }
    char next = r.answer().charAt(r.generated());
    tokensGenerated.incrementAndGet();
    int generated = r.generated() + 1;
    FinishReason end =
        generated == r.answer().length()
            ? FinishReason.STOP
            : generated == r.request().sampling().maxTokens() ? FinishReason.LENGTH : null;
    if (end == null) {
      running.put(id, new Running(r.request(), r.answer(), generated));
    } else {
      running.remove(id);
    }
    TokenOutput token = new TokenOutput(next, -0.5f, List.of(), false);
    return new GenerationUpdate(
        id, List.of(token), String.valueOf(next), end, null, 0, 1, STEP_NANOS);
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
    return new EngineStats(running.size(), 0, 0, 0, 1, 0, 0, 0, 0, tokensGenerated.get(), 0, 0);
  }

  @Override
  public void close() {
    closed = true;
  }

  /** A token is a character's code. */
  public static int[] tokens(String text) {
    return text.chars().toArray();
  }

  private static String text(int[] tokens) {
    return new String(tokens, 0, tokens.length);
  }

  /** The tokenizer of this engine. */
  public static final Tokenizer TOKENIZER =
      new Tokenizer() {
        @Override
        public int vocabSize() {
          return Character.MAX_CODE_POINT;
        }

        @Override
        public int[] encode(String text, boolean parseSpecial) {
          return tokens(text);
        }

        @Override
        public byte[] bytes(int token) {
          return Character.toString(token).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String piece(int token) {
          return Character.toString(token);
        }

        @Override
        public int bosToken() {
          return -1;
        }

        @Override
        public int eosToken() {
          return -1;
        }

        @Override
        public boolean isEndOfGeneration(int token) {
          return false;
        }

        @Override
        public boolean addsBos() {
          return false;
        }
      };
}
