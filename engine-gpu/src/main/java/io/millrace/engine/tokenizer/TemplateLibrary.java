package io.millrace.engine.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.Importable;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.loader.ResourceNotFoundException;
import com.hubspot.jinjava.objects.date.StrftimeFormatter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The tags, filters and functions of chat templates: those of Jinja that such templates use and
 * whose cost is bounded by the size of what they are given, and Hugging Face's additions.
 */
final class TemplateLibrary {
  private static final Set<String> TAGS =
      Set.of(
          "break",
          "call",
          "continue",
          "do",
          "elif",
          "else",
          "endcall",
          "enddo",
          "endfor",
          "endif",
          "endmacro",
          "endraw",
          "endset",
          "for",
          "if",
          "macro",
          "raw",
          "set");

  private static final Set<String> FILTERS =
      Set.of(
          "abs",
          "capitalize",
          "count",
          "d",
          "default",
          "dictsort",
          "e",
          "escape",
          "first",
          "float",
          "int",
          "join",
          "last",
          "length",
          "list",
          "lower",
          "map",
          "reject",
          "rejectattr",
          "replace",
          "reverse",
          "round",
          "safe",
          "select",
          "selectattr",
          "sort",
          "string",
          "sum",
          "title",
          "tojson",
          "trim",
          "unique",
          "upper",
          "wordcount");

  private static final Set<String> FUNCTIONS =
      Set.of(
          ":namespace",
          ":range",
          ":raise_exception",
          ":strftime_now",
          "fn:immutable_list",
          "fn:list",
          "fn:map_entry");

  private TemplateLibrary() {}

  /** What the library has besides. */
  static Map<Context.Library, Set<String>> disabled() {
    Context everything = new Jinjava().getGlobalContext();
    return Map.of(
        Context.Library.TAG, others(everything.getAllTags(), TAGS),
        Context.Library.FILTER, others(everything.getAllFilters(), FILTERS),
        Context.Library.FUNCTION, others(everything.getAllFunctions(), FUNCTIONS));
  }

  private static Set<String> others(Collection<? extends Importable> all, Set<String> allowed) {
    Set<String> names = new HashSet<>();
    for (Importable each : all) {
      if (!allowed.contains(each.getName())) {
        names.add(each.getName());
      }
    }
    return names;
  }

  /** Adds Hugging Face's functions and filters, and takes away access to files. */
  static void install(Jinjava jinja) {
    jinja.setResourceLocator(
        (name, encoding, interpreter) -> {
          throw new ResourceNotFoundException("templates read no files");
        });
    Context context = jinja.getGlobalContext();
    context.registerFunction(function("raise_exception", "raiseException"));
    context.registerFunction(function("strftime_now", "strftimeNow"));
    context.registerFilter(new ToJson());
    context.registerFilter(new Replace());
  }

  private static ELFunctionDefinition function(String name, String method) {
    return new ELFunctionDefinition("", name, Functions.class, method, String.class);
  }

  /** Public, as the library calls it by reflection. */
  public static final class Functions {
    private Functions() {}

    /** Ends the rendering with the template's own message. */
    public static String raiseException(String message) {
      throw new Refusal(message);
    }

    /** The time now, in Python's notation. */
    public static String strftimeNow(String format) {
      long millis =
          JinjavaInterpreter.getCurrent().getConfig().getDateTimeProvider().getCurrentTimeMillis();
      return StrftimeFormatter.format(Instant.ofEpochMilli(millis).atZone(ZoneOffset.UTC), format);
    }
  }

  /** A template's own refusal of the messages. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
      super(message);
    }
  }

  /** JSON as Python writes it. */
  private static final class ToJson implements AdvancedFilter {
    @Override
    public String getName() {
      return "tojson";
    }

    @Override
    public Object filter(
        Object value,
        JinjavaInterpreter interpreter,
        Object[] arguments,
        Map<String, Object> named) {
      int indent = named.get("indent") instanceof Number number ? number.intValue() : -1;
      return PythonJson.write(value, Math.min(indent, 16));
    }
  }

  /** Replaces all occurrences; unlike the library's, it bounds the result. */
  private static final class Replace implements AdvancedFilter {
    @Override
    public String getName() {
      return "replace";
    }

    @Override
    public Object filter(
        Object value,
        JinjavaInterpreter interpreter,
        Object[] arguments,
        Map<String, Object> named) {
      return PythonStrings.call(String.valueOf(value), "replace", arguments);
    }
  }
}
