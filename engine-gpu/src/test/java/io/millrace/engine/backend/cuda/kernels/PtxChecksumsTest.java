package io.millrace.engine.backend.cuda.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed PTX is what the committed sources compile to. */
class PtxChecksumsTest {
  private static final Path CHECKSUMS = Ptx.RESOURCES.resolve("checksums.txt");

  @Test
  void sourcesAndPtxHaveTheChecksumsOfTheirBuild() throws Exception {
    Map<String, String> expected = new TreeMap<>();
    for (String line : Files.readAllLines(CHECKSUMS)) {
      if (!line.startsWith("#")) {
        expected.put(line.substring(66), line.substring(0, 64)); // as sha256sum writes them
      }
    }
    Map<String, String> actual = new TreeMap<>();
    for (String end : new String[] {".cu", ".cuh", ".sh"}) {
      for (Path source : Ptx.list(Ptx.SOURCES, end)) {
        actual.put(source.getFileName().toString(), sha256(source));
      }
    }
    for (Path file : Ptx.files()) {
      actual.put("sm80/" + file.getFileName(), sha256(file));
    }
    assertThat(actual)
        .as("run engine-gpu/src/main/cuda/build.sh after a change of a kernel")
        .isEqualTo(expected);
  }

  @Test
  void everySourceHasItsPtx() {
    List<String> sources = new ArrayList<>();
    Ptx.list(Ptx.SOURCES, ".cu").forEach(file -> sources.add(name(file)));
    List<String> compiled = new ArrayList<>();
    Ptx.files().forEach(file -> compiled.add(name(file)));
    assertThat(compiled).isNotEmpty().isEqualTo(sources);
  }

  @Test
  void compilingAgainGivesTheSameBytes(@TempDir Path out) throws Exception {
    String version = output("nvcc", "--version");
    assumeTrue(version != null, "skipped: needs nvcc");
    String builtBy = Files.readAllLines(CHECKSUMS).get(0).split(" ")[2];
    assumeTrue(version.contains("V" + builtBy), "skipped: needs nvcc " + builtBy);
    assertThat(output("bash", Ptx.SOURCES.resolve("build.sh").toString(), out.toString()))
        .isNotNull();
    for (Path file : Ptx.files()) {
      assertThat(out.resolve("sm80").resolve(file.getFileName())).hasSameBinaryContentAs(file);
    }
    assertThat(out.resolve("checksums.txt")).hasSameBinaryContentAs(CHECKSUMS);
  }

  private static String name(Path file) {
    String name = file.getFileName().toString();
    return name.substring(0, name.lastIndexOf('.'));
  }

  private static String sha256(Path file) throws Exception {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
    return HexFormat.of().formatHex(digest);
  }

  /** What a program prints, or null if there is none or it fails. */
  private static String output(String... command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String text = new String(process.getInputStream().readAllBytes(), UTF_8);
      return process.waitFor() == 0 ? text : null;
    } catch (IOException e) {
      return null;
    }
  }
}
