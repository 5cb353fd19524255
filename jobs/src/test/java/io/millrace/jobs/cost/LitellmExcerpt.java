package io.millrace.jobs.cost;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** Some entries of LiteLLM's catalogue, unchanged. */
public final class LitellmExcerpt {
  public static final Path FILE = file();

  private LitellmExcerpt() {}

  private static Path file() {
    try {
      return Path.of(LitellmExcerpt.class.getResource("/litellm/prices-excerpt.json").toURI());
    } catch (URISyntaxException e) {
      throw new LinkageError("a test's resource is a file", e);
    }
  }
}
