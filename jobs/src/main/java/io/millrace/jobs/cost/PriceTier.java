package io.millrace.jobs.cost;

import java.util.Locale;
import java.util.Optional;

/** How fast a provider answers, and at which of its prices. */
public enum PriceTier {
  STANDARD,
  /** Within hours, from a file: {@code ..._batches} in LiteLLM's catalogue. */
  BATCH,
  FLEX,
  PRIORITY;

  /** The tier of this name, in any case; OpenAI's "default" is the standard one. */
  public static Optional<PriceTier> named(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "standard", "default" -> Optional.of(STANDARD);
      case "batch" -> Optional.of(BATCH);
      case "flex" -> Optional.of(FLEX);
      case "priority" -> Optional.of(PRIORITY);
      default -> Optional.empty();
    };
  }

  /**
   * The tier that a provider says it served; empty if it is one that no price is known of.
   *
   * @param name null if the provider does not say: the standard one
   */
  public static Optional<PriceTier> served(String name) {
    return name == null || name.equals("auto") || name.equals("on_demand")
        ? Optional.of(STANDARD)
        : named(name);
  }

  /** As options, rows and messages spell it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
