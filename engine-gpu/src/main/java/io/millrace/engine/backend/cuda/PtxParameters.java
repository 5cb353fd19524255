package io.millrace.engine.backend.cuda;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How large the parameter block of each kernel of a module is, from its PTX: drivers before 12.4
 * cannot tell.
 */
final class PtxParameters {
  private static final Pattern ENTRY =
      Pattern.compile("\\.entry\\s+([A-Za-z_$][\\w$]*)\\s*\\(([^)]*)\\)");
  private static final Pattern PARAMETER =
      Pattern.compile(
          "\\.param\\s+(?:\\.align\\s+(\\d+)\\s+)?\\.[busf](8|16|32|64)\\s+\\w+(?:\\[(\\d+)])?");

  private PtxParameters() {}

  /** Bytes by kernel. */
  static Map<String, Integer> of(byte[] ptx) {
    Map<String, Integer> sizes = new HashMap<>();
    Matcher entry = ENTRY.matcher(new String(ptx, US_ASCII));
    while (entry.find()) {
      int end = 0;
      Matcher parameter = PARAMETER.matcher(entry.group(2));
      while (parameter.find()) {
        int bytes = Integer.parseInt(parameter.group(2)) / 8;
        int align = parameter.group(1) == null ? bytes : Integer.parseInt(parameter.group(1));
        int count = parameter.group(3) == null ? 1 : Integer.parseInt(parameter.group(3));
        end = (end + align - 1) / align * align + bytes * count; // a struct is an array of bytes
      }
      sizes.put(entry.group(1), end);
    }
    return sizes;
  }
}
