package io.millrace.jobs.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;

/**
 * The caller's standard error. The launcher filters what the JVM itself writes there, and hands the
 * original over as another file descriptor, so that what we write comes unfiltered and in order.
 */
final class StandardError {
  private static final String DESCRIPTOR = "millrace.stderr";

  private StandardError() {}

  /** Makes {@link System#err} the caller's, where the launcher handed it over. */
  static void take() {
    Integer descriptor = Integer.getInteger(DESCRIPTOR);
    if (descriptor == null) {
      return;
    }
    try {
      Constructor<FileDescriptor> constructor =
          FileDescriptor.class.getDeclaredConstructor(int.class);
      constructor.setAccessible(true);
      FileOutputStream out = new FileOutputStream(constructor.newInstance(descriptor));
      System.setErr(new PrintStream(out, true, java.nio.charset.Charset.defaultCharset()));
    } catch (ReflectiveOperationException | RuntimeException e) {
      // Then everything goes through the filter, a moment later.
    }
  }
}
