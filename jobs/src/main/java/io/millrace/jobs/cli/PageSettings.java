package io.millrace.jobs.cli;

import io.millrace.jobs.cli.page.LivePage;
import picocli.CommandLine.Option;

/** The options of the page that commands with a pipeline serve. */
final class PageSettings {
  private static final String PORT = "--ui-port";

  @Option(
      names = PORT,
      paramLabel = "N",
      description =
          "The page with live charts, on 127.0.0.1. Default: 8080 for up, a free one for demo; 0"
              + " takes a free one.")
  private Integer port;

  @Option(
      names = "--ui-text",
      description = "The page shows how answers begin, too. Without it no text is shown.")
  private boolean text;

  /** Begins to listen. */
  LivePage open(int portUnlessSet) {
    return new LivePage(port == null ? portUnlessSet : port, PORT, text);
  }
}
