package io.millrace.jobs.cluster;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/**
 * Entry point of every process of a {@link ProcessCluster}: runs another main method, and ends this
 * process when the one that started it has ended, however that ended.
 *
 * <p>Standard input is a pipe from the parent, who never writes to it. The system closes it with
 * the parent, killed or not, and so nothing is left running.
 */
public final class ChildMain {
  private static final int ORPHANED = 70;
  private static final int FAILED = 1;

  private ChildMain() {}

  /**
   * @param args the class whose main method runs, and its arguments
   */
  public static void main(String[] args) throws ReflectiveOperationException {
    Thread watch = new Thread(ChildMain::awaitParentsEnd, "parent-watch");
    watch.setDaemon(true);
    watch.start();
    try {
      Class.forName(args[0])
          .getMethod("main", String[].class)
          .invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
    } catch (InvocationTargetException e) {
      e.getCause().printStackTrace();
      // Threads that were started before it failed would keep the process alive.
      Runtime.getRuntime().halt(FAILED);
    }
  }

  private static void awaitParentsEnd() {
    try {
      while (System.in.read() >= 0) {
        // Nothing is ever said on it.
      }
    } catch (IOException e) {
      // A pipe that cannot be read has lost its other end.
    }
    Runtime.getRuntime().halt(ORPHANED);
  }
}
