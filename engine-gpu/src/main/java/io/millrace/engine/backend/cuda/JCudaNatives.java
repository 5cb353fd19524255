package io.millrace.engine.backend.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;

/**
 * Loads JCuda's native part, once in a process.
 *
 * <p>JCuda unpacks it from its jar into {@code java.io.tmpdir} and takes a file of that name that
 * lies there already, whatever it holds: two processes that start together, or one that was killed,
 * leave half a library, which ends the JVM. So it is given a fresh directory of its own, which is
 * removed as soon as the library is mapped.
 */
final class JCudaNatives {
  private static final String TEMPORARY = "java.io.tmpdir";
  private static final String LINK_ERROR = "UnsatisfiedLinkError: ";
  private static boolean loaded;
  private static String problem;

  private JCudaNatives() {}

  /**
   * Loads the library, if that was not done before.
   *
   * @throws CudaException with one line that says why there is no CUDA here
   */
  static synchronized void load() {
    if (!loaded) {
      problem = tryLoad();
      loaded = true;
    }
    if (problem != null) {
      throw new CudaException(problem);
    }
  }

  private static String tryLoad() {
    String before = System.getProperty(TEMPORARY);
    Path own = null;
    try {
      own =
          Files.createTempDirectory(
              "millrace-cuda",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      System.setProperty(TEMPORARY, own.toString());
      JCudaDriver.setExceptionsEnabled(false); // return codes are checked by whoever calls
      return null;
    } catch (IOException | UnsupportedOperationException e) {
      return "no CUDA: its library cannot be unpacked: " + e.getMessage();
    } catch (UnsatisfiedLinkError e) {
      return missing(e);
    } catch (ExceptionInInitializerError e) {
      return missing(e.getCause());
    } catch (NoClassDefFoundError e) {
      return "no CUDA: JCuda is not on the class path";
    } finally {
      System.setProperty(TEMPORARY, before);
      if (own != null) {
        remove(own);
      }
    }
  }

  /** One line of JCuda's many: what is missing. */
  static String missing(Throwable e) {
    String text = String.valueOf(e == null ? null : e.getMessage());
    if (text.contains("libcuda.so.1: cannot open")) {
      return "no NVIDIA driver: libcuda.so.1 is not on this machine";
    }
    return "no CUDA: JCuda does not load on "
        + System.getProperty("os.name")
        + " "
        + System.getProperty("os.arch")
        + reason(text);
  }

  /**
   * What the system's loader said of the unpacked library, the last it tried: empty for nothing.
   */
  private static String reason(String text) {
    return text.lines()
        .filter(line -> line.contains(LINK_ERROR))
        .reduce((first, last) -> last)
        .map(line -> ": " + line.substring(line.indexOf(LINK_ERROR) + LINK_ERROR.length()))
        .orElse("");
  }

  private static void remove(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      List<Path> all = files.toList();
      for (Path file : all) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(directory);
    } catch (IOException e) { // left behind in the temporary directory: no harm
      directory.toFile().deleteOnExit();
    }
  }
}
