package io.millrace.jobs.generate;

import io.millrace.engine.Engine;
import io.millrace.engine.backend.DeviceMeters;
import io.millrace.engine.tokenizer.Tokenizer;
import io.millrace.jobs.MillraceOptions.TokenEvents;
import io.millrace.jobs.cost.Pricing;
import io.millrace.jobs.trace.TraceSpec;
import java.io.IOException;
import java.io.Serializable;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What one model's generate vertex is told, as it travels to its tasks.
 *
 * @param model the configured name
 * @param source opens the model where the task runs
 * @param pricing by what the work is billed
 * @param engineRequestsMax requests given to the engine, running or queued; more wait in keyed
 *     state
 * @param overtakesMax how often others may go to the engine before the one admitted first
 * @param backlogPromptsMax prompts in flight in a subtask before it pushes back
 * @param backlogBytesMax bytes of them
 * @param cacheTtl longest reuse of an answer
 * @param cachedAnswerBytesMax larger answers are not kept, bytes
 * @param tokenEvents how often token events come
 * @param failedLeadersMax how often prompts that follow a failed one try again
 * @param crashesMax crashes from one checkpoint after which requests run alone; 0 never
 * @param idleInterval how often idle device time is booked
 * @param metricsTenantsMax tenants that metrics name
 * @param heartbeatInterval how often the time is told to those who read costs
 * @param trace how prompts are traced
 */
public record GenerateSpec(
    String model,
    ModelSource source,
    Pricing pricing,
    int engineRequestsMax,
    int overtakesMax,
    int backlogPromptsMax,
    long backlogBytesMax,
    Duration cacheTtl,
    long cachedAnswerBytesMax,
    TokenEvents tokenEvents,
    int failedLeadersMax,
    int crashesMax,
    Duration idleInterval,
    int metricsTenantsMax,
    Duration heartbeatInterval,
    TraceSpec trace)
    implements Serializable {

  /** Opens a model in the task's JVM. */
  @FunctionalInterface
  public interface ModelSource extends Serializable {
    /**
     * @param gpu the GPU that Flink gives the task's process, by its number in {@code nvidia-smi},
     *     from 0: taken unless another is configured; empty if it gives none
     * @throws MissingDeviceException if the device that it is to run on is not here
     */
    OpenedModel open(OptionalInt gpu) throws IOException;
  }

  /**
   * A model ready to run.
   *
   * @param engine the task's own engine, closed by the task
   * @param tokenizer spells the tokens out; null for remote models, which tell none
   * @param backend what computes, for the cost rows
   * @param digest identifies weights, vocabulary and template, as admission names them
   * @param meters of the GPU that it runs on, if it runs on one that has them
   * @param release gives back what the engine was made of, once the engine is closed
   */
  public record OpenedModel(
      Engine engine,
      Tokenizer tokenizer,
      String backend,
      Digest digest,
      Optional<DeviceMeters> meters,
      Runnable release) {
    private static final Set<String> REMOTE = Set.of("openai", "anthropic");
    private static final String GPU = "cuda";

    /** One whose device has no meters of its own. */
    public OpenedModel(
        Engine engine, Tokenizer tokenizer, String backend, Digest digest, Runnable release) {
      this(engine, tokenizer, backend, digest, Optional.empty(), release);
    }

    /** Whether it runs on a GPU of ours. */
    boolean onGpu() {
      return backend.equals(GPU);
    }

    /** Whether it runs on a device of ours, which costs also while it is idle. */
    boolean hasDevice() {
      return !REMOTE.contains(backend);
    }
  }

  /** Reads a model's digest, which may take seconds for a large file. */
  @FunctionalInterface
  public interface Digest {
    String read() throws IOException;
  }
}
