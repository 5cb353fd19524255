package io.millrace.jobs.cli;

import picocli.CommandLine.IVersionProvider;

/** The version as the build wrote it into the jar. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String version = Version.class.getPackage().getImplementationVersion();
    return new String[] {
      "millrace " + (version == null ? "(development)" : version),
      "Java " + System.getProperty("java.version")
    };
  }
}
