package io.millrace.engine.bench;

import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.backend.KvType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What to measure, and how: every option is a name with two dashes and a value.
 *
 * @param device which GPU
 * @param parts of {@code steps}, {@code launch}, {@code speculation}, {@code batching}
 * @param models names of {@link BenchModel}s; each is measured in every part
 * @param draft the model that drafts in {@code speculation}
 * @param batches sequences at once, ascending
 * @param context tokens of a prompt, which decoding looks back on
 * @param seconds about how long one figure is measured
 * @param fillSeconds how long prompts are computed at most before decoding is measured
 * @param requests of {@code batching}
 * @param results where lines are added, JSON
 */
record BenchOptions(
    BackendKind backend,
    int device,
    List<String> parts,
    List<BenchModel> models,
    BenchModel draft,
    List<Integer> batches,
    int context,
    KvType kv,
    double seconds,
    double fillSeconds,
    int requests,
    Path results) {

  private static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("backend", "cuda"),
          Map.entry("device", "0"),
          Map.entry("parts", "steps,launch,speculation,batching"),
          Map.entry("models", "8b-q4_0"),
          Map.entry("draft", "1b-q4_0"),
          Map.entry("batches", "1,16,64,256"),
          Map.entry("context", "1024"),
          Map.entry("kv", "f16"),
          Map.entry("seconds", "3"),
          Map.entry("fill-seconds", "45"),
          Map.entry("requests", "256"),
          Map.entry("results", "gpu-bench.jsonl"));

  private static final List<String> PARTS = List.of("steps", "launch", "speculation", "batching");
  private static final int BATCH_MAX = 1024;
  private static final int CONTEXT_MAX = 65_536;
  private static final int SECONDS_MAX = 600;
  private static final int REQUESTS_MAX = 10_000;

  /**
   * @throws IllegalArgumentException with one line that says what is wrong
   */
  static BenchOptions parse(List<String> arguments) {
    Map<String, String> values = new HashMap<>(DEFAULTS);
    for (int i = 0; i < arguments.size(); i += 2) {
      String name = arguments.get(i).replaceFirst("^--", "");
      if (!arguments.get(i).startsWith("--") || !DEFAULTS.containsKey(name)) {
        throw new IllegalArgumentException(
            arguments.get(i)
                + " is no option; there are --"
                + String.join(", --", DEFAULTS.keySet().stream().sorted().toList()));
      }
      if (i + 1 == arguments.size()) {
        throw new IllegalArgumentException(arguments.get(i) + " needs a value");
      }
      values.put(name, arguments.get(i + 1));
    }
    List<String> parts = List.of(values.get("parts").split(","));
    for (String part : parts) {
      oneOf("part", part, PARTS);
    }
    return new BenchOptions(
        BackendKind.valueOf(named("backend", values, BackendKind.values())),
        number("device", values, 0, 63),
        parts,
        Arrays.stream(values.get("models").split(",")).map(BenchModel::named).toList(),
        BenchModel.named(values.get("draft")),
        Arrays.stream(values.get("batches").split(","))
            .map(batch -> number("batches", batch, 1, BATCH_MAX))
            .sorted()
            .toList(),
        number("context", values, 1, CONTEXT_MAX),
        KvType.valueOf(named("kv", values, KvType.values())),
        number("seconds", values, 0, SECONDS_MAX),
        number("fill-seconds", values, 0, SECONDS_MAX),
        number("requests", values, 1, REQUESTS_MAX),
        Path.of(values.get("results")));
  }

  private static String named(String option, Map<String, String> values, Enum<?>[] all) {
    String value = values.get(option).toUpperCase(Locale.ROOT);
    oneOf("--" + option, value, Arrays.stream(all).map(Enum::name).toList());
    return value;
  }

  private static void oneOf(String what, String value, List<String> all) {
    if (!all.contains(value)) {
      throw new IllegalArgumentException(
          what + " " + value + " is none of " + String.join(", ", all));
    }
  }

  private static int number(String option, Map<String, String> values, int min, int max) {
    return number(option, values.get(option), min, max);
  }

  private static int number(String option, String value, int min, int max) {
    try {
      int number = Integer.parseInt(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        "--" + option + " is " + value + ", must be " + min + " to " + max);
  }
}
