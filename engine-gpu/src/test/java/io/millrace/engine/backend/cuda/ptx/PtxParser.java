package io.millrace.engine.backend.cuda.ptx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads PTX as nvcc writes it: kernels and variables; device functions are none of it. */
final class PtxParser {
  private static final Pattern VARIABLE =
      Pattern.compile(
          "\\.(param|shared|local|global|const)\\s+(?:\\.align\\s+(\\d+)\\s+)?\\.(v[24]\\s+\\.)?"
              + "([a-z]\\d+)\\s+([\\w$]+)\\s*((?:\\[\\d*])*)\\s*(?:=\\s*(.*))?",
          Pattern.DOTALL);
  private static final Pattern ENTRY =
      Pattern.compile("\\.entry\\s+([\\w$]+)\\s*(?:\\((.*)\\))?.*", Pattern.DOTALL);
  private static final Pattern INSTRUCTION =
      Pattern.compile("(?:@(!?)(\\S+)\\s+)?([a-z][\\w.:]*)\\s*(.*)", Pattern.DOTALL);
  private static final Pattern LABEL = Pattern.compile("\\s*([\\w$]+):");
  private static final Pattern NAME = Pattern.compile("[%$_a-zA-Z][\\w$]*");

  final List<PtxFunction> functions = new ArrayList<>();
  final List<PtxVariable> variables = new ArrayList<>();

  private final String text;
  private int at;
  private int line = 1;
  private int scopes;

  private PtxParser(String ptx) {
    text = withoutComments(ptx);
  }

  /** Reads a whole module. */
  static PtxParser parse(String ptx) {
    PtxParser parser = new PtxParser(ptx);
    parser.module();
    return parser;
  }

  private static String withoutComments(String ptx) {
    Matcher comment = Pattern.compile("//[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL).matcher(ptx);
    return comment.replaceAll(found -> found.group().replaceAll("[^\\n]", ""));
  }

  private void module() {
    while (skipBlank()) {
      if (startsWith(".version") || startsWith(".target") || startsWith(".address_size")) {
        upTo('\n');
        continue;
      }
      int start = line;
      int semicolon = text.indexOf(';', at);
      int brace = text.indexOf('{', at);
      int entry = text.indexOf(".entry", at);
      if (entry >= 0 && entry < brace && (semicolon < 0 || brace < semicolon)) {
        function(upTo('{'));
      } else if (semicolon >= 0) {
        PtxVariable variable = variable(upTo(';'));
        if (variable == null) {
          throw new PtxFault("line " + start + ": neither a kernel nor a variable");
        }
        variables.add(variable);
      } else {
        throw new PtxFault("line " + start + ": the text ends within a declaration");
      }
    }
  }

  private void function(String header) {
    Matcher entry = ENTRY.matcher(header);
    if (!entry.find()) {
      throw new PtxFault("line " + line + ": no kernel's header: " + header.strip());
    }
    PtxFunction function = new PtxFunction(entry.group(1));
    if (entry.group(2) != null && !entry.group(2).isBlank()) {
      for (String parameter : entry.group(2).split(",", -1)) {
        function.parameters.add(variable(parameter));
      }
    }
    Deque<Map<String, String>> renamed = new ArrayDeque<>();
    renamed.push(Map.of());
    while (!renamed.isEmpty()) {
      if (!skipBlank()) {
        throw new PtxFault("line " + line + ": " + function.name + " does not end");
      }
      Matcher label = LABEL.matcher(text).region(at, text.length());
      if (text.charAt(at) == '{') {
        at++;
        renamed.push(new HashMap<>(renamed.peek()));
        scopes++;
      } else if (text.charAt(at) == '}') {
        at++;
        renamed.pop();
      } else if (label.lookingAt()) {
        at = label.end();
        function.labels.put(label.group(1), function.statements.size());
      } else if (startsWith(".loc\t") || startsWith(".loc ")) {
        upTo('\n');
      } else {
        int start = line;
        statement(function, renamed, start, upTo(';').strip());
      }
    }
    functions.add(function);
  }

  private void statement(
      PtxFunction function, Deque<Map<String, String>> renamed, int start, String statement) {
    if (statement.startsWith(".reg")) {
      declare(function, renamed, statement);
    } else if (statement.startsWith(".pragma")) {
      return; // about unrolling: nothing to do
    } else if (statement.startsWith(".")) {
      PtxVariable variable = variable(statement);
      if (variable == null) {
        throw new PtxFault("line " + start + ": cannot read '" + statement + "'");
      }
      function.variables.add(variable);
    } else {
      Matcher parts = INSTRUCTION.matcher(statement);
      if (!parts.matches()) {
        throw new PtxFault("line " + start + ": cannot read '" + statement + "'");
      }
      Map<String, String> names = renamed.element();
      String guard = parts.group(2) == null ? null : rename(parts.group(2), names);
      List<String> operands = new ArrayList<>();
      for (String operand : split(parts.group(4))) {
        operands.add(rename(operand, names));
      }
      function.statements.add(
          new PtxStatement(
              start,
              guard,
              "!".equals(parts.group(1)),
              parts.group(3),
              operands,
              statement.replaceAll("\\s+", " ")));
    }
  }

  /** Registers of an inner scope get names that no other scope has. */
  private void declare(
      PtxFunction function, Deque<Map<String, String>> renamed, String declaration) {
    String[] parts = declaration.split("\\s+", 3);
    String type = parts[1].substring(1);
    for (String name : parts[2].split("\\s*,\\s*", -1)) {
      if (name.contains("<")) {
        function.declareRegister(name.substring(0, name.indexOf('<') + 1), type);
      } else if (renamed.size() == 1) {
        function.declareRegister(name, type);
      } else {
        String unique = name + "$" + scopes + "$";
        renamed.element().put(name, unique);
        function.declareRegister(unique, type);
      }
    }
  }

  private static String rename(String operand, Map<String, String> names) {
    if (names.isEmpty()) {
      return operand;
    }
    return NAME.matcher(operand)
        .replaceAll(
            found -> Matcher.quoteReplacement(names.getOrDefault(found.group(), found.group())));
  }

  private static PtxVariable variable(String declaration) {
    Matcher parts = VARIABLE.matcher(declaration);
    if (!parts.find()) {
      return null;
    }
    int unit = Integer.parseInt(parts.group(4).substring(1)) / 8;
    if (parts.group(3) != null) {
      unit *= parts.group(3).charAt(1) - '0';
    }
    int bytes = unit;
    for (String length : parts.group(6).split("[\\[\\]]+", -1)) {
      bytes *= length.isEmpty() ? 1 : Integer.parseInt(length);
    }
    if (parts.group(6).startsWith("[]")) {
      bytes = 0;
    }
    int alignment = parts.group(2) == null ? unit : Integer.parseInt(parts.group(2));
    byte[] initial = parts.group(7) == null ? null : initial(parts.group(7), unit, bytes);
    return new PtxVariable(parts.group(1), parts.group(5), bytes, alignment, initial);
  }

  private static byte[] initial(String values, int unit, int bytes) {
    ByteBuffer buffer = ByteBuffer.allocate(bytes + 8).order(ByteOrder.LITTLE_ENDIAN);
    int offset = 0;
    for (String value : values.replaceAll("[{}\\s]", "").split(",", -1)) {
      buffer.putLong(offset, Operands.literal(value));
      buffer.putLong(offset + unit, 0);
      offset += unit;
    }
    byte[] result = new byte[bytes];
    buffer.get(0, result);
    return result;
  }

  /** Splits at commas outside of braces and brackets. */
  static List<String> split(String operands) {
    List<String> result = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i <= operands.length(); i++) {
      char c = i == operands.length() ? ',' : operands.charAt(i);
      if (c == ',' && depth == 0) {
        String operand = operands.substring(start, i).strip();
        if (!operand.isEmpty()) {
          result.add(operand);
        }
        start = i + 1;
      } else if (c == '{' || c == '[' || c == '(') {
        depth++;
      } else if (c == '}' || c == ']' || c == ')') {
        depth--;
      }
    }
    return result;
  }

  private boolean startsWith(String word) {
    return text.startsWith(word, at);
  }

  private boolean skipBlank() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      if (text.charAt(at++) == '\n') {
        line++;
      }
    }
    return at < text.length();
  }

  /** The text up to the next {@code end}, which is skipped. */
  private String upTo(char end) {
    int stop = text.indexOf(end, at);
    if (stop < 0) {
      throw new PtxFault("line " + line + ": no '" + end + "' follows");
    }
    String found = text.substring(at, stop);
    at = stop + 1;
    line += (int) found.chars().filter(c -> c == '\n').count() + (end == '\n' ? 1 : 0);
    return found;
  }
}
