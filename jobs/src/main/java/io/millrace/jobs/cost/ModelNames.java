package io.millrace.jobs.cost;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Under which names of a catalogue a model may be found, as LiteLLM does it (utils.py, {@code
 * _get_model_info_helper}), in this order:
 *
 * <ol>
 *   <li>the name as it is: {@code gpt-4o}, {@code azure/gpt-4o};
 *   <li>without what its owner added: {@code ft:gpt-4o:acme:x:id} is {@code ft:gpt-4o}; with the
 *       provider {@code gemini} or {@code vertex_ai}, {@code gemini-1.5-flash-001} is {@code
 *       gemini-1.5-flash};
 *   <li>both without the provider before the first slash: {@code openai/gpt-4o} is {@code gpt-4o},
 *       if the entry's {@code litellm_provider} is that provider.
 * </ol>
 *
 * <p>Each is looked for as it is, then in any case. A provider is never guessed: {@code
 * gemini-exp-1206} does not find {@code gemini/gemini-exp-1206}.
 */
final class ModelNames {
  private static final Pattern STABLE_VERSION = Pattern.compile("-\\d{3}$");

  private ModelNames() {}

  /**
   * A name to look for.
   *
   * @param provider that the entry must be of; null if any will do
   */
  record Candidate(String name, String provider) {
    /** Whether an entry is this provider's. */
    boolean admits(String entryProvider) {
      if (provider == null || entryProvider == null || provider.equals(entryProvider)) {
        return true;
      }
      return switch (provider) {
        case "vertex_ai", "fireworks_ai", "bedrock" -> entryProvider.startsWith(provider);
        case "azure_ai" -> entryProvider.equals("azure") || entryProvider.equals("openai");
        case "litellm_proxy", "github" -> true;
        default -> false;
      };
    }
  }

  static List<Candidate> of(String model) {
    int slash = model.indexOf('/');
    String provider = slash > 0 ? model.substring(0, slash) : null;
    Set<Candidate> candidates = new LinkedHashSet<>();
    candidates.add(new Candidate(model, null));
    candidates.add(new Candidate(bare(model, provider), null));
    if (provider != null) {
      String rest = model.substring(slash + 1);
      candidates.add(new Candidate(rest, provider));
      candidates.add(new Candidate(bare(rest, provider), provider));
    }
    return List.copyOf(candidates);
  }

  private static String bare(String name, String provider) {
    int fineTuned = name.indexOf("ft:");
    if (fineTuned == 0 || (fineTuned > 0 && name.charAt(fineTuned - 1) == '/')) {
      int end = name.indexOf(':', fineTuned + "ft:".length());
      return end < 0 ? name : name.substring(0, end);
    }
    return "gemini".equals(provider) || "vertex_ai".equals(provider)
        ? STABLE_VERSION.matcher(name).replaceFirst("")
        : name;
  }
}
