package io.millrace.jobs.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.cli.bench.PipelineFigures.Checkpoints;
import io.millrace.jobs.cli.bench.PipelineFigures.Tenant;
import io.millrace.jobs.cli.bench.PipelineFigures.Times;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The figures of {@code bench pipeline} for people and for programs. */
record PipelineReport(PipelineFigures figures) {

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("checkpoints            count  median s   max s  state MB");
    Stream.concat(figures.checkpoints().stream(), Stream.of(figures.savepoints()))
        .forEach(
            c ->
                lines.add(
                    format(
                        "%-21s %6d  %8.2f  %6.2f  %8.2f",
                        c.phase(),
                        c.count(),
                        c.times().medianMs() / 1e3,
                        c.times().maxMs() / 1e3,
                        c.stateBytesMax() / 1e6)));
    lines.add(
        format(
            "failed checkpoints %d; at most %d prompts in the backlog; %.1f answers/s,"
                + " %.0f tokens/s while flooded",
            figures.failedCheckpoints(),
            figures.backlogMax(),
            figures.answersPerSecond(),
            figures.tokensPerSecond()));
    lines.add("");
    lines.add("modest tenant       answered   from admission: p50 s   p95 s   end to end: p95 s");
    lines.add(line("alone", figures.alone()));
    lines.add(line("flooded", figures.flooded()));
    lines.add(line("saturated", figures.saturated()));
    lines.add(
        format("p95 from admission beside the flood: %.2fx of that alone", figures.p95Ratio()));
    return lines;
  }

  private static String line(String phase, Tenant tenant) {
    return format(
        "%-18s %4d/%-4d %23.2f %7.2f %19.2f",
        phase,
        tenant.answered(),
        tenant.prompts(),
        tenant.fromAdmission().medianMs() / 1e3,
        tenant.fromAdmission().p95Ms() / 1e3,
        tenant.endToEnd().p95Ms() / 1e3);
  }

  ObjectNode json() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    figures.checkpoints().forEach(c -> add(json.withArray("checkpoints").addObject(), c));
    add(json.putObject("savepoints"), figures.savepoints());
    json.put("failed_checkpoints", figures.failedCheckpoints())
        .put("backlog_prompts_max", figures.backlogMax())
        .put("answers_per_second", figures.answersPerSecond())
        .put("tokens_per_second", figures.tokensPerSecond());
    add(json.putObject("alone"), figures.alone());
    add(json.putObject("flooded"), figures.flooded());
    add(json.putObject("saturated"), figures.saturated());
    return json.put("p95_ratio", figures.p95Ratio());
  }

  private static void add(ObjectNode json, Checkpoints checkpoints) {
    json.put("phase", checkpoints.phase()).put("count", checkpoints.count());
    add(json, "", checkpoints.times());
    json.put("state_bytes_max", checkpoints.stateBytesMax());
  }

  private static void add(ObjectNode json, Tenant tenant) {
    json.put("prompts", tenant.prompts()).put("answered", tenant.answered());
    add(json, "admission_", tenant.fromAdmission());
    add(json, "end_to_end_", tenant.endToEnd());
  }

  private static void add(ObjectNode json, String prefix, Times times) {
    json.put(prefix + "median_ms", times.medianMs())
        .put(prefix + "p95_ms", times.p95Ms())
        .put(prefix + "max_ms", times.maxMs());
  }

  private static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }
}
