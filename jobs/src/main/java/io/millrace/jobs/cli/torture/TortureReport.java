package io.millrace.jobs.cli.torture;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.cluster.Fault;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a torture counted, beside the same prompts undisturbed.
 *
 * @param kills how often each kind of process was killed
 * @param prompts sent
 * @param answers committed
 * @param deadLetters committed
 * @param lost prompts with neither
 * @param duplicates answers and dead letters beyond a prompt's first
 * @param tokensTwice token events of a position that had one
 * @param tokensMissing tokens of answers without an event
 * @param textDifferences answers that differ from the undisturbed run's
 * @param ledgerDifferenceUsd the ledger against the undisturbed run's, USD
 * @param inProgressAtKills answers of which a part was written, over all kills
 * @param resumed of those, how many went on from tokens that they had before
 * @param resumedTokens tokens that they had
 * @param seconds from the first prompt to the last answer of the disturbed run
 */
public record TortureReport(
    Map<Fault, Integer> kills,
    long prompts,
    long answers,
    long deadLetters,
    long lost,
    long duplicates,
    long tokensTwice,
    long tokensMissing,
    long textDifferences,
    BigDecimal ledgerDifferenceUsd,
    long inProgressAtKills,
    long resumed,
    long resumedTokens,
    double seconds) {

  /** Whether every promise was kept, and put to the test. */
  public List<String> broken() {
    List<String> broken = new ArrayList<>();
    require(broken, lost == 0, lost + " prompts are lost");
    require(broken, duplicates == 0, duplicates + " prompts are answered twice");
    require(broken, tokensTwice == 0, tokensTwice + " tokens are written twice");
    require(broken, tokensMissing == 0, tokensMissing + " tokens of answers have no event");
    require(broken, textDifferences == 0, textDifferences + " answers differ");
    require(
        broken,
        ledgerDifferenceUsd.signum() == 0,
        "the ledger differs by " + ledgerDifferenceUsd.toPlainString() + " USD");
    require(broken, inProgressAtKills > 0, "no answer was in progress at any kill");
    require(broken, resumed > 0, "no answer was resumed");
    return broken;
  }

  private static void require(List<String> broken, boolean kept, String otherwise) {
    if (!kept) {
      broken.add(otherwise);
    }
  }

  /** As the issue tracker's scripts read it. */
  public String toJson() {
    ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    ObjectNode report = json.createObjectNode();
    report
        .putObject("kills")
        .put("taskmanager", kills.getOrDefault(Fault.TASK_MANAGER, 0))
        .put("jobmanager", kills.getOrDefault(Fault.JOB_MANAGER, 0))
        .put("broker", kills.getOrDefault(Fault.BROKER, 0));
    report.put("prompts", prompts);
    report.put("answers", answers);
    report.put("dead_letters", deadLetters);
    report.put("lost", lost);
    report.put("duplicates", duplicates);
    report.put("tokens_twice", tokensTwice);
    report.put("text_differences", textDifferences);
    report.put("ledger_difference_usd", ledgerDifferenceUsd.stripTrailingZeros());
    report.put("in_progress_at_kills", inProgressAtKills);
    report.put("resumed", resumed);
    report.put("seconds", Math.round(seconds * 10) / 10.0);
    return report.toPrettyString();
  }
}
