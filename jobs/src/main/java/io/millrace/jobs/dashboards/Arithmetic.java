package io.millrace.jobs.dashboards;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Two values of equal labels, or each value and a number. */
record Arithmetic(char operator, Expr left, Expr right) implements Expr {
  @Override
  public String promQl() {
    return operand(left) + " " + operator + " " + operand(right);
  }

  private static String operand(Expr expr) {
    return expr instanceof Arithmetic || expr instanceof OrZero
        ? "(" + expr.promQl() + ")"
        : expr.promQl();
  }

  @Override
  public List<Sample> value(Samples samples) {
    List<Sample> lefts = left.value(samples);
    List<Sample> rights = right.value(samples);
    if (isNumber(right)) {
      return lefts.stream().map(l -> l.with(apply(l.value(), rights.get(0).value()))).toList();
    }
    if (isNumber(left)) {
      return rights.stream().map(r -> r.with(apply(lefts.get(0).value(), r.value()))).toList();
    }
    Map<Map<String, String>, Double> byLabels = new HashMap<>();
    rights.forEach(r -> byLabels.put(r.labels(), r.value()));
    List<Sample> results = new ArrayList<>();
    for (Sample l : lefts) {
      Double r = byLabels.get(l.labels());
      if (r != null) {
        results.add(l.with(apply(l.value(), r)));
      }
    }
    return results;
  }

  private static boolean isNumber(Expr expr) {
    return expr instanceof Constant || expr instanceof Now || expr instanceof Scalar;
  }

  private double apply(double a, double b) {
    return switch (operator) {
      case '+' -> a + b;
      case '-' -> a - b;
      case '*' -> a * b;
      case '/' -> a / b;
      default -> throw new IllegalStateException("operator " + operator);
    };
  }

  @Override
  public List<Selector> selectors() {
    return Stream.concat(left.selectors().stream(), right.selectors().stream()).toList();
  }
}
