package io.millrace.engine.backend.cuda.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.backend.cuda.CudaException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Plants each fault of faults.json in a kernel, by an edit of its PTX, and counts how many are
 * caught: by the interpreter's checks or by the comparison with double precision.
 */
class PlantedFaultsTest {
  private static final double CAUGHT_MIN = 0.95;

  @Test
  void nearlyAllPlantedFaultsAreCaught() throws IOException {
    JsonNode faults = new ObjectMapper().readTree(Resources.bytes("/cuda/faults.json"));
    String ptx = Resources.text("/cuda/checks.ptx");
    Map<String, Consumer<String>> checks = CheckKernels.all();
    List<String> missed = new ArrayList<>();
    for (JsonNode fault : faults) {
      String id = fault.get("id").asText();
      String caught = run(checks.get(fault.get("kernel").asText()), planted(ptx, fault));
      if (caught == null) {
        missed.add(id + " (" + fault.get("what").asText() + ")");
      }
      System.out.printf("%-26s %s%n", id, caught == null ? "MISSED" : caught);
    }
    System.out.printf(
        "planted faults: %d of %d caught; missed: %s%n",
        faults.size() - missed.size(), faults.size(), missed);
    assertThat(faults.size()).isGreaterThanOrEqualTo(20);
    assertThat(missed).hasSizeLessThanOrEqualTo((int) (faults.size() * (1 - CAUGHT_MIN)));
  }

  /** What caught it, or null. */
  private static String run(Consumer<String> check, String ptx) {
    try {
      check.accept(ptx);
      return null;
    } catch (CudaException e) {
      return e.getMessage();
    } catch (AssertionError e) {
      return "wrong result";
    }
  }

  /** The PTX with the edit at its nth place in the kernel. */
  static String planted(String ptx, JsonNode fault) {
    String find = fault.get("find").asText();
    int at = ptx.indexOf(".entry " + fault.get("kernel").asText() + "(");
    int end = ptx.indexOf("\n}\n", at);
    for (int i = fault.get("nth").asInt(); i > 0; i--) {
      at = ptx.indexOf(find, at + 1);
      assertThat(at).as("where %s is to be planted", fault.get("id")).isBetween(0, end);
    }
    return ptx.substring(0, at) + fault.get("replace").asText() + ptx.substring(at + find.length());
  }
}
