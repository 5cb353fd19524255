package io.millrace.engine.tokenizer.jinja;

import java.time.ZonedDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** The functions that every template finds: jinja2's that matter, and Hugging Face's. */
final class Globals {
  private static final long RANGE_MAX = 100_000;

  private Globals() {}

  static void install(Scope scope) {
    function(scope, "raise_exception", Globals::raise);
    function(scope, "strftime_now", Globals::now);
    function(scope, "namespace", (arguments, rendering) -> new Namespace(map(arguments)));
    function(scope, "dict", (arguments, rendering) -> map(arguments));
    function(scope, "range", Globals::range);
  }

  private static void function(Scope scope, String name, Function function) {
    scope.set(name, function);
  }

  private static Object raise(Arguments arguments, Rendering rendering) {
    throw new JinjaException(Values.text(arguments.get(0, "message", "")));
  }

  private static Object now(Arguments arguments, Rendering rendering) {
    return Formats.time(ZonedDateTime.now(rendering.clock), arguments.string(0, "format"));
  }

  private static Map<Object, Object> map(Arguments arguments) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (Object given : arguments.positional()) {
      if (!(given instanceof Map<?, ?> entries)) {
        throw new JinjaException("makes a map of what is none");
      }
      map.putAll(entries);
    }
    map.putAll(arguments.named());
    return map;
  }

  private static List<Object> range(Arguments arguments, Rendering rendering) {
    boolean single = arguments.positional().size() < 2;
    long start = single ? 0 : arguments.integer(0, "start", 0);
    long stop = arguments.integer(single ? 0 : 1, "stop", 0);
    long step = arguments.integer(2, "step", 1);
    if (step == 0) {
      throw new JinjaException("a range's step is 0");
    }
    long count = Math.max(0, Math.floorDiv(stop - start + step - Long.signum(step), step));
    if (count > RANGE_MAX) {
      throw new JinjaException("a range of more than " + RANGE_MAX);
    }
    rendering.make(count);
    return Values.list(LongStream.range(0, count).mapToObj(i -> start + i * step));
  }
}
