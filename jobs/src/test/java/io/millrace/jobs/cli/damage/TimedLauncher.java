package io.millrace.jobs.cli.damage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Starts the launcher, and measures it with the shell's own {@code time}. */
final class TimedLauncher {
  private TimedLauncher() {}

  /** How a start ended; its milliseconds by the clock, and of all its threads. */
  record Run(int exitCode, List<String> out, List<String> err, long wallMillis, long cpuMillis) {}

  /**
   * Puts a copy of the launcher where it finds itself built, of the classes under test: a jar that
   * only names the class path.
   */
  static Path install(Path home, String[] classPath) throws IOException {
    Path lib = Files.createDirectories(home.resolve("jobs/target/lib"));
    Files.writeString(
        Files.createDirectories(home.resolve("target")).resolve("millrace.built"), "");
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest
        .getMainAttributes()
        .put(
            Attributes.Name.CLASS_PATH,
            Stream.of(classPath)
                .map(entry -> Path.of(entry).toUri().toString())
                .collect(Collectors.joining(" ")));
    Path jar = lib.resolveSibling("millrace-jobs-test.jar");
    new JarOutputStream(Files.newOutputStream(jar), manifest).close();
    Path script = Path.of(System.getProperty("millrace.home"), "millrace");
    return Files.copy(
        script, home.resolve("millrace"), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
  }

  static Run run(Path launcher, Path temp, List<String> command)
      throws IOException, InterruptedException {
    Path out = temp.resolve("out");
    Path err = temp.resolve("err");
    List<String> words = new ArrayList<>();
    words.addAll(
        List.of("bash", "-c", "TIMEFORMAT='%R %U %S'; time \"$@\" >\"$OUT\" 2>\"$ERR\"", "-"));
    words.add(launcher.toString());
    words.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().put("OUT", out.toString());
    builder.environment().put("ERR", err.toString());
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    String times = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exitCode = process.waitFor();
    String[] seconds = times.strip().split(" ");
    return new Run(
        exitCode,
        lines(out),
        lines(err),
        millis(seconds[0]),
        millis(seconds[1]) + millis(seconds[2]));
  }

  private static long millis(String seconds) {
    return Math.round(1_000 * Double.parseDouble(seconds));
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.readString(file).lines().toList();
  }

  static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
