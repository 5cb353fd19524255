package io.millrace.jobs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.SplittableRandom;

/** Requests for structured output, and with tools, that want too much or make no sense. */
final class HostileSchemas {
  private static final String[] SCHEMAS = {
    "{\"$ref\":\"#\"}",
    "{\"$ref\":\"#/nowhere\"}",
    "{\"$ref\":\"http://127.0.0.1:1/schema\"}",
    "{\"$ref\":\"file:///etc/passwd\"}",
    "{\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"$ref\":\"#/$defs/a\"}},\"$ref\":\"#/$defs/a\"}",
    "{\"type\":\"array\",\"items\":{\"$ref\":\"#\"},\"minItems\":1}",
    "{\"type\":\"array\",\"minItems\":1000000000}",
    "{\"type\":\"array\",\"maxItems\":-1}",
    "{\"type\":\"array\",\"minItems\":5,\"maxItems\":1}",
    "{\"type\":\"string\",\"maxLength\":100000000}",
    "{\"type\":\"string\",\"pattern\":\"(a+)+$\"}",
    "{\"type\":\"string\",\"pattern\":\"(?<=a)b\\\\1\"}",
    "{\"type\":\"string\",\"pattern\":\"((a{1000}){1000}){1000}\"}",
    "{\"type\":\"string\",\"pattern\":\"[\"}",
    "{\"type\":\"integer\",\"multipleOf\":0}",
    "{\"type\":\"integer\",\"minimum\":1e400}",
    "{\"type\":\"integer\",\"minimum\":5,\"maximum\":1}",
    "{\"type\":\"number\",\"multipleOf\":0.0000000000000000001}",
    "{\"type\":\"nonsense\"}",
    "{\"type\":[]}",
    "{\"enum\":[]}",
    "{\"const\":{\"a\":[1,2,{\"b\":null}]}}",
    "{\"anyOf\":[]}",
    "{\"allOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}",
    "{\"not\":{}}",
    "{\"type\":\"object\",\"required\":[\"missing\"]}",
    "{\"type\":\"object\",\"patternProperties\":{\"(\":{}}}",
    "{\"type\":\"object\",\"properties\":{\"\\u0000\":{\"type\":\"string\"}}}",
    "{\"type\":\"string\",\"format\":\"date-time\"}",
    "true",
    "false",
    "{}",
    "[]",
    "null"
  };

  private static final String[] TOOLS = {
    "[]",
    "[{}]",
    "[null]",
    "{}",
    "\"\"",
    "[{\"type\":\"function\"}]",
    "[{\"type\":\"function\",\"function\":{\"name\":\"\"}}]",
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":1e400}}]",
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"a\":9223372036854775808}}}]",
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]",
    "[{\"type\":\"function\",\"function\":{\"name\":\"" + "f".repeat(65) + "\"}}]"
  };

  private HostileSchemas() {}

  static byte[] request(SplittableRandom random) {
    String format =
        switch (random.nextInt(6)) {
          case 0 -> "\"guided_json\":" + HostileJson.quoted(schema(random));
          case 1 -> "\"guided_json\":" + schema(random);
          case 2 -> "\"guided_regex\":" + HostileJson.quoted(pattern(random));
          case 3 -> "\"structured_outputs\":{\"json\":" + schema(random) + "}";
          default ->
              "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":"
                  + schema(random)
                  + "}}";
        };
    return with(format);
  }

  static byte[] tools(SplittableRandom random) {
    if (random.nextBoolean()) {
      return with("\"tools\":" + HostileJson.any(TOOLS, random));
    }
    String[] arguments = {"\"{\"", "\"[]\"", "\"\"", "{}", "1", "\"{\\\"a\\\":1e999}\"", "null"};
    return ("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
            + "\"tool_calls\":[{\"type\":\"function\",\"id\":\"1\",\"function\":{\"name\":\"f\","
            + "\"arguments\":"
            + HostileJson.any(arguments, random)
            + "}}]},{\"role\":\"tool\",\"content\":\"b\",\"tool_call_id\":\"1\"}]}")
        .getBytes(UTF_8);
  }

  private static byte[] with(String more) {
    return ("{\"max_tokens\":4,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]," + more + "}")
        .getBytes(UTF_8);
  }

  /** One of those above, or one that grows with its depth or width. */
  private static String schema(SplittableRandom random) {
    return switch (random.nextInt(5)) {
      case 0 -> nested(1 + random.nextInt(40), random);
      case 1 -> wide(1 << random.nextInt(12));
      default -> HostileJson.any(SCHEMAS, random);
    };
  }

  private static String nested(int depth, SplittableRandom random) {
    String schema = "{\"type\":\"string\"}";
    for (int i = 0; i < depth; i++) {
      schema =
          switch (random.nextInt(3)) {
            case 0 -> "{\"type\":\"array\",\"items\":" + schema + "}";
            case 1 -> "{\"type\":\"object\",\"properties\":{\"a\":" + schema + "}}";
            default -> "{\"anyOf\":[{\"type\":\"null\"}," + schema + "]}";
          };
    }
    return schema;
  }

  private static String wide(int count) {
    StringBuilder schema = new StringBuilder("{\"type\":\"object\",\"properties\":{");
    for (int i = 0; i < count; i++) {
      schema.append(i == 0 ? "" : ",").append("\"p").append(i).append("\":{\"type\":\"integer\"}");
    }
    return schema.append("}}").toString();
  }

  private static String pattern(SplittableRandom random) {
    String[] atoms = {
      "a", ".", "[a-z]", "\\d", "(b|c)", "\\p{L}", "[^x]", "(?:yz)", "\\uD83D\\uDE00"
    };
    String[] counts = {"", "*", "+", "?", "{2}", "{0,50}", "{1000}", "{99999999}", "{3,1}", "*?"};
    StringBuilder pattern = new StringBuilder();
    for (int i = 1 + random.nextInt(8); i > 0; i--) {
      String atom = HostileJson.any(atoms, random) + HostileJson.any(counts, random);
      if (random.nextInt(4) == 0) {
        pattern.insert(0, "(").append(atom).append(")").append(HostileJson.any(counts, random));
      } else {
        pattern.append(atom);
      }
    }
    return pattern.toString();
  }
}
