package io.millrace.jobs.generate;

import io.millrace.engine.RemoteOutcome;
import io.millrace.engine.RemoteUsage;
import io.millrace.jobs.cost.Charge;
import io.millrace.jobs.cost.CostMeter;
import io.millrace.jobs.state.CountedTokens;
import io.millrace.jobs.state.RemoteCalls;
import io.millrace.schemas.CostEvent;
import java.util.List;
import java.util.Objects;

/** What became of choices that a remote model was asked for: as state holds it, and as it costs. */
final class RemoteChoices {
  private RemoteChoices() {}

  /**
   * As keyed state holds it.
   *
   * @param earlierKnown whether it is known what calls cost that the outcome does not tell of
   */
  static RemoteCalls stored(RemoteOutcome outcome, boolean earlierKnown) {
    RemoteUsage usage = outcome.usage();
    return RemoteCalls.newBuilder()
        .setCalls(outcome.attempt() + 1)
        .setModel(outcome.model())
        .setBackend(outcome.backend())
        .setCostKnown(outcome.costKnown() && earlierKnown)
        .setUsage(
            usage == null
                ? null
                : new CountedTokens(
                    usage.inputTokens(),
                    usage.cachedTokens(),
                    usage.cacheWriteTokens(),
                    usage.cacheWrite1hTokens(),
                    usage.outputTokens(),
                    usage.reasoningTokens()))
        .setServiceTier(outcome.serviceTier())
        .setToolCalls(outcome.toolCalls())
        .build();
  }

  /** Prompt tokens that were neither read from nor written to a priced cache. */
  static long freshTokens(CountedTokens usage) {
    return usage.getInput() - usage.getCached() - written(usage);
  }

  private static long written(CountedTokens usage) {
    return usage.getCacheWrite() + usage.getCacheWrite1h();
  }

  /**
   * What all choices of an answer cost. Calls that were given up may have been billed, with their
   * choice or because another failed: without an answer that says for how much, the cost is not
   * known; with one it is what the answer says, and its attempt says that there were others.
   */
  static Charge charge(InFlight answer, CostMeter meter, long nowMs) {
    Charge sum = null;
    for (ChoiceInFlight choice : called(answer)) {
      RemoteCalls calls = choice.remote();
      if (calls.getUsage() == null && calls.getCostKnown() && choice.finishReason() != null) {
        continue;
      }
      Charge one =
          meter.call(calls.getModel(), usage(calls.getUsage()), calls.getServiceTier(), nowMs);
      sum = sum == null ? one : sum.plus(one);
    }
    return sum == null ? meter.time(0, nowMs) : sum;
  }

  private static RemoteUsage usage(CountedTokens usage) {
    return usage == null
        ? null
        : new RemoteUsage(
            usage.getInput(),
            usage.getCached(),
            usage.getCacheWrite(),
            usage.getCacheWrite1h(),
            usage.getOutput(),
            usage.getReasoning());
  }

  /** Adds to a row what only remote models have; names those that answered, by the first choice. */
  static void describe(CostEvent.Builder row, InFlight answer) {
    List<RemoteCalls> calls = called(answer).stream().map(ChoiceInFlight::remote).toList();
    if (calls.isEmpty()) {
      return;
    }
    RemoteCalls first = calls.get(0);
    row.setModel(first.getModel())
        .setBackend(first.getBackend())
        .setAttempt(calls.stream().mapToInt(RemoteCalls::getCalls).max().getAsInt() - 1);
    List<CountedTokens> usages =
        calls.stream().map(RemoteCalls::getUsage).filter(Objects::nonNull).toList();
    row.setCacheWrittenTokens(usages.stream().mapToLong(RemoteChoices::written).sum());
    row.setReasoningTokens(usages.stream().mapToLong(CountedTokens::getReasoning).sum());
  }

  private static List<ChoiceInFlight> called(InFlight answer) {
    int attempt = answer.leader().getAttempt();
    return answer.choices().stream()
        .filter(choice -> choice.remote() != null && choice.remote().getCalls() > attempt)
        .toList();
  }
}
