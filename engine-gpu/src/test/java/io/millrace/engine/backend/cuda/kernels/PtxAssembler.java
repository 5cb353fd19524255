package io.millrace.engine.backend.cuda.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/**
 * Makes machine code of PTX without a GPU, by the compiler of CUDA 12.0 that JCuda carries: the one
 * a driver uses when it loads the module.
 */
final class PtxAssembler {
  private static final Pattern KERNEL =
      Pattern.compile(
          "Compiling entry function '(\\w+)'.*?(\\d+) bytes stack frame, (\\d+) bytes spill stores,"
              + " (\\d+) bytes spill loads.*?Used (\\d+) registers",
          Pattern.DOTALL);

  /**
   * What became of a kernel.
   *
   * @param stack bytes of local memory a thread
   * @param spilled bytes of registers stored and loaded for want of more
   * @param registers used by a thread
   */
  record Kernel(String name, int stack, int spilled, int registers) {}

  private static boolean loaded;

  private PtxAssembler() {}

  /**
   * Assembles a module.
   *
   * @param architecture such as {@code sm_90}
   * @throws IllegalArgumentException with the compiler's words if it is not valid there
   */
  static List<Kernel> assemble(String ptx, String architecture) {
    load();
    byte[] bytes = ptx.getBytes(UTF_8);
    nvPTXCompilerHandle handle = new nvPTXCompilerHandle();
    check(JNvPTXCompiler.nvPTXCompilerCreate(handle, bytes.length, bytes), "create");
    try {
      String[] options = {"--gpu-name=" + architecture, "--verbose", "--warn-on-spills"};
      int result = JNvPTXCompiler.nvPTXCompilerCompile(handle, options.length, options);
      if (result != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
        throw new IllegalArgumentException(errors(handle));
      }
      List<Kernel> kernels = new ArrayList<>();
      Matcher matcher = KERNEL.matcher(log(handle));
      while (matcher.find()) {
        int spilled = Integer.parseInt(matcher.group(3)) + Integer.parseInt(matcher.group(4));
        kernels.add(
            new Kernel(
                matcher.group(1),
                Integer.parseInt(matcher.group(2)),
                spilled,
                Integer.parseInt(matcher.group(5))));
      }
      return kernels;
    } finally {
      check(JNvPTXCompiler.nvPTXCompilerDestroy(handle), "destroy");
    }
  }

  private static String log(nvPTXCompilerHandle handle) {
    long[] size = new long[1];
    check(JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(handle, size), "size of log");
    byte[] text = new byte[(int) size[0] + 1];
    check(JNvPTXCompiler.nvPTXCompilerGetInfoLog(handle, text), "log");
    return new String(text, 0, (int) size[0], UTF_8);
  }

  private static String errors(nvPTXCompilerHandle handle) {
    long[] size = new long[1];
    check(JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(handle, size), "size of errors");
    byte[] text = new byte[(int) size[0] + 1];
    check(JNvPTXCompiler.nvPTXCompilerGetErrorLog(handle, text), "errors");
    return new String(text, 0, (int) size[0], UTF_8);
  }

  private static void check(int result, String call) {
    if (result != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
      throw new IllegalStateException(call + ": " + nvPTXCompileResult.stringFor(result));
    }
  }

  /** JCuda unpacks its libraries into the temporary folder, and trusts what lies there. */
  private static synchronized void load() {
    if (loaded) {
      return;
    }
    String before = System.getProperty("java.io.tmpdir");
    try {
      Path own = Files.createTempDirectory("millrace-jcuda");
      System.setProperty("java.io.tmpdir", own.toString());
      JNvPTXCompiler.nvPTXCompilerGetVersion(new int[1], new int[1]);
      for (Path file : Ptx.list(own, "")) {
        Files.delete(file); // it stays mapped
      }
      Files.delete(own);
      loaded = true;
    } catch (IOException e) {
      throw new IllegalStateException("no private folder for JCuda's libraries", e);
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
  }
}
