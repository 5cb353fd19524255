package io.millrace.engine.backend.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.backend.cuda.CudaException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What the tests of the kernels are worth: faults are planted in the committed PTX, one at a time,
 * and the kernel's own test has to notice. {@code kernel-faults.json} was written before this.
 */
class KernelFaultsTest {
  private static final double CAUGHT_MIN = 0.95;
  private static final Pattern ENTRY = Pattern.compile("\\.visible \\.entry (\\w+)\\(");

  private final Map<String, Runnable> checks = KernelChecks.all();

  /**
   * A kernel that does nothing at all is noticed: each one is run, and what it does is looked at.
   */
  @Test
  void everyKernelIsChecked() throws IOException {
    Map<String, String> modules = modules();
    assertThat(checks.keySet()).isEqualTo(modules.keySet());
    List<String> unnoticed = new ArrayList<>();
    for (Map.Entry<String, String> kernel : modules.entrySet()) {
      String ptx = text(kernel.getValue());
      int body = ptx.indexOf("\tld.param", ptx.indexOf(".entry " + kernel.getKey() + "("));
      String idle = ptx.substring(0, body) + "\tret;\n" + ptx.substring(body);
      if (caught(kernel.getValue(), kernel.getKey(), idle) == null) {
        unnoticed.add(kernel.getKey());
      }
    }
    System.out.printf("%d kernels, each compared with its reference%n", modules.size());
    assertThat(unnoticed).isEmpty();
  }

  @Test
  void nearlyAllPlantedFaultsAreCaught() throws IOException {
    JsonNode faults = faults();
    Map<Caught, Integer> means = new TreeMap<>();
    List<String> missed = new ArrayList<>();
    for (JsonNode fault : faults) {
      String id = fault.get("id").asText();
      String kernel = fault.get("kernel").asText();
      String module = fault.get("module").asText();
      Caught caught = caught(module, kernel, planted(text(module), fault));
      if (caught == null) {
        missed.add(id + " (" + kernel + ": " + fault.get("what").asText() + ")");
      } else {
        means.merge(caught, 1, Integer::sum);
      }
      System.out.printf("%-22s %-26s %s%n", id, kernel, caught == null ? "MISSED" : caught);
    }
    System.out.printf(
        "faults planted in kernels that ship: %d of %d caught %s; missed: %s%n",
        faults.size() - missed.size(), faults.size(), means, missed);
    assertThat(faults.size()).isGreaterThanOrEqualTo(20);
    assertThat(missed).hasSizeLessThanOrEqualTo((int) (faults.size() * (1 - CAUGHT_MIN)));
  }

  private enum Caught {
    BY_THE_INTERPRETER,
    BY_THE_RESULT
  }

  /** What notices, or null. */
  private Caught caught(String module, String kernel, String ptx) {
    try {
      Set<String> launched = KernelRun.withPlanted(module, ptx, checks.get(kernel));
      assertThat(launched).contains(kernel);
      return null;
    } catch (CudaException e) {
      return Caught.BY_THE_INTERPRETER;
    } catch (AssertionError e) {
      return Caught.BY_THE_RESULT;
    }
  }

  /** The PTX with the edit at its nth place in the kernel. */
  private static String planted(String ptx, JsonNode fault) {
    String find = fault.get("find").asText();
    int at = ptx.indexOf(".entry " + fault.get("kernel").asText() + "(");
    int end = ptx.indexOf("\n}\n", at);
    for (int i = fault.get("nth").asInt(); i > 0; i--) {
      at = ptx.indexOf(find, at + 1);
      assertThat(at).as("where %s is to be planted", fault.get("id")).isBetween(0, end);
    }
    return ptx.substring(0, at) + fault.get("replace").asText() + ptx.substring(at + find.length());
  }

  private static JsonNode faults() throws IOException {
    try (InputStream in = KernelFaultsTest.class.getResourceAsStream("/cuda/kernel-faults.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  /** Kernel to module. */
  private static Map<String, String> modules() throws IOException {
    Map<String, String> modules = new TreeMap<>();
    for (Path file : Ptx.files()) {
      String name = file.getFileName().toString();
      Matcher entries = ENTRY.matcher(Files.readString(file));
      while (entries.find()) {
        modules.put(entries.group(1), name.substring(0, name.length() - ".ptx".length()));
      }
    }
    return modules;
  }

  private static String text(String module) throws IOException {
    return Files.readString(Ptx.RESOURCES.resolve("sm80/" + module + ".ptx"));
  }
}
