package io.millrace.engine.backend.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every committed kernel becomes machine code for every GPU it is meant for, and fits it. */
class PtxAssemblyTest {

  @BeforeEach
  void needsTheCompiler() {
    boolean linux = System.getProperty("os.name").equals("Linux");
    boolean x86 = System.getProperty("os.arch").equals("amd64");
    assumeTrue(linux && x86, "skipped: needs Linux on x86-64");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sm_80", "sm_86", "sm_89", "sm_90", "sm_90a"})
  void everyKernelFitsItsRegisters(String architecture) throws IOException {
    Map<String, Integer> registers = new TreeMap<>();
    List<PtxAssembler.Kernel> kernels =
        Ptx.files().parallelStream() // most of the time is the assembler's
            .flatMap(file -> PtxAssembler.assemble(text(file), architecture).stream())
            .toList();
    for (PtxAssembler.Kernel kernel : kernels) {
      assertThat(kernel.spilled()).as("bytes spilled by %s", kernel.name()).isZero();
      assertThat(kernel.stack()).as("local memory of %s", kernel.name()).isZero();
      assertThat(registers.put(kernel.name(), kernel.registers()))
          .as("kernels named %s", kernel.name())
          .isNull();
    }
    System.out.println(architecture + ", registers by kernel, 0 spills: " + registers);
    assertThat(registers.keySet()).isEqualTo(names());
  }

  @Test
  void whatIsNotPtxIsToldApart() {
    String ptx = ".version 8.0\n.target sm_80\n.address_size 64\n.entry k() { nonsense; }\n";
    assertThatThrownBy(() -> PtxAssembler.assemble(ptx, "sm_80"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nonsense");
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The kernels that the files declare. */
  private static Set<String> names() throws IOException {
    Set<String> names = new TreeSet<>();
    for (Path file : Ptx.files()) {
      List<String> lines = Files.readAllLines(file);
      for (String line : lines) {
        if (line.startsWith(".visible .entry ")) {
          names.add(line.substring(16, line.indexOf('(')));
        }
      }
    }
    return names;
  }
}
