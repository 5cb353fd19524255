package io.millrace.engine.backend.cuda.ptx;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Gives the operands of a kernel their places in a warp's registers: 32-bit (and 16-bit) ones,
 * 64-bit ones and predicates. Numbers, addresses of variables and special registers such as {@code
 * %tid.x} get registers too, set when a warp starts, so that instructions know nothing but
 * registers.
 */
final class Operands {
  /** Where the registers of a lane of the first warp lie: place + lane. */
  static final int LANES = 32;

  private final PtxFunction function;
  private final Map<String, Long> addresses;
  private final Map<String, Integer> narrow = new HashMap<>();
  private final Map<String, Integer> wide = new HashMap<>();
  private final Map<String, Integer> predicates = new HashMap<>();

  /** Place to value of what never changes. */
  final Map<Integer, Integer> narrowConstants = new LinkedHashMap<>();

  final Map<Integer, Long> wideConstants = new LinkedHashMap<>();

  /** Name to place of the special registers. */
  final Map<String, Integer> specials = new LinkedHashMap<>();

  Operands(PtxFunction function, Map<String, Long> addresses) {
    this.function = function;
    this.addresses = addresses;
  }

  int narrowCount() {
    return narrow.size();
  }

  int wideCount() {
    return wide.size();
  }

  int predicateCount() {
    return predicates.size();
  }

  /** 1 for predicates, else 16, 32 or 64; 0 where it is no register. */
  int width(String operand) {
    String type = function.registerType(operand);
    if (type == null) {
      return operand.startsWith("%") ? 32 : 0;
    }
    return type.equals("pred") ? 1 : Math.max(16, Integer.parseInt(type.substring(1)));
  }

  boolean isWide(String operand) {
    return width(operand) == 64;
  }

  /** Place of a 32-bit operand, or of a 16-bit one, whose upper half is 0. */
  int narrow(String operand) {
    int width = width(operand);
    if (width == 1 || width == 64) {
      throw new PtxFault("'" + operand + "' is no register of 32 bits");
    }
    Integer place = narrow.get(operand);
    if (place == null) {
      place = narrow.size() * LANES;
      narrow.put(operand, place);
      if (function.registerType(operand) == null) {
        if (operand.startsWith("%")) {
          specials.put(operand, place);
        } else {
          narrowConstants.put(place, (int) value(operand));
        }
      }
    }
    return place;
  }

  /** Place of a 64-bit operand. */
  int wide(String operand) {
    if (width(operand) != 64 && width(operand) != 0) {
      throw new PtxFault("'" + operand + "' is no register of 64 bits");
    }
    Integer place = wide.get(operand);
    if (place == null) {
      place = wide.size() * LANES;
      wide.put(operand, place);
      if (function.registerType(operand) == null) {
        wideConstants.put(place, value(operand));
      }
    }
    return place;
  }

  /** Index of a predicate. */
  int predicate(String operand) {
    if (width(operand) != 1) {
      throw new PtxFault("'" + operand + "' is no predicate");
    }
    return predicates.computeIfAbsent(operand, name -> predicates.size());
  }

  private long value(String operand) {
    Long address = addresses.get(operand);
    return address != null ? address : literal(operand);
  }

  /** The bits of a number: decimal, hexadecimal, or 0f and 0d with a float's bits. */
  static long literal(String text) {
    try {
      boolean negative = text.startsWith("-");
      String digits = negative ? text.substring(1) : text;
      if (digits.endsWith("U")) {
        digits = digits.substring(0, digits.length() - 1);
      }
      long value;
      if (digits.startsWith("0f") || digits.startsWith("0F")) {
        value = Integer.parseUnsignedInt(digits.substring(2), 16);
        value = negative ? value ^ 0x80000000L : value;
        return value;
      }
      if (digits.startsWith("0d") || digits.startsWith("0D")) {
        value = Long.parseUnsignedLong(digits.substring(2), 16);
        return negative ? value ^ Long.MIN_VALUE : value;
      }
      if (digits.startsWith("0x") || digits.startsWith("0X")) {
        value = Long.parseUnsignedLong(digits.substring(2), 16);
      } else {
        value = Long.parseUnsignedLong(digits);
      }
      return negative ? -value : value;
    } catch (NumberFormatException e) {
      throw new PtxFault("'" + text + "' is neither a register, a variable nor a number");
    }
  }
}
