package io.millrace.engine.sampling.grammar;

import java.util.List;

/** Schemas of every supported keyword, alone and together. */
final class Schemas {
  static final String TICKET =
      """
      {"type": "object", "properties": {
         "category": {"enum": ["billing", "defect", "feature", "order", "account", "other"]},
         "product": {"type": "string", "maxLength": 20},
         "priority": {"type": "string", "enum": ["low", "normal", "high", "urgent"]},
         "sentiment": {"anyOf": [{"const": "negative"}, {"const": "neutral"}, {"const": "positive"}]},
         "reply": {"type": "string", "minLength": 1}},
       "required": ["category", "product", "priority", "sentiment", "reply"],
       "additionalProperties": false}""";

  static final List<String> ALL =
      List.of(
          TICKET,
          "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"null\"},"
              + "\"c\":{\"type\":\"boolean\"}},\"required\":[\"b\"]}",
          "{\"type\":\"array\",\"items\":{\"type\":\"number\"},\"minItems\":2,\"maxItems\":5}",
          "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"string\"},{\"type\":\"integer\"}],"
              + "\"items\":{\"type\":\"boolean\"},\"minItems\":1,\"maxItems\":4}",
          "{\"type\":[\"string\",\"null\"],\"minLength\":2,\"maxLength\":4}",
          "{\"type\":\"string\",\"pattern\":\"^[a-zé]+-[0-9]{1,3}$\"}",
          "{\"type\":\"string\",\"pattern\":\"[0-9]\",\"maxLength\":5}",
          "{\"type\":\"string\",\"pattern\":\"^\\\\S*$\",\"minLength\":3,\"maxLength\":6}",
          "{\"type\":\"string\",\"format\":\"date\"}",
          "{\"type\":\"string\",\"format\":\"time\"}",
          "{\"type\":\"string\",\"format\":\"date-time\"}",
          "{\"type\":\"string\",\"format\":\"uuid\"}",
          "{\"type\":\"string\",\"format\":\"ipv4\"}",
          "{\"type\":\"string\",\"format\":\"ipv6\"}",
          "{\"type\":\"string\",\"format\":\"email\",\"pattern\":\"@e[1-9].com$\"}",
          "{\"type\":\"string\",\"format\":\"hostname\"}",
          "{\"type\":\"string\",\"format\":\"uri\"}",
          "{\"type\":\"string\",\"format\":\"duration\"}",
          "{\"type\":\"integer\",\"minimum\":-17,\"maximum\":123}",
          "{\"type\":\"integer\",\"exclusiveMinimum\":99,\"maximum\":1000000,\"multipleOf\":7}",
          "{\"type\":\"number\",\"minimum\":-0.25,\"exclusiveMaximum\":3.5}",
          "{\"type\":\"number\",\"minimum\":1000.001}",
          "{\"type\":\"number\",\"maximum\":-12}",
          "{\"type\":\"number\",\"multipleOf\":0.01,\"minimum\":0,\"maximum\":10}",
          "{\"enum\":[1,\"two\",null,[3,{\"four\":5}],\"line\\nbreak \\\"é\\\"\",true,-2.50]}",
          "{\"enum\":[1,2,30,\"x\"],\"type\":\"integer\",\"minimum\":2}",
          "{\"const\":{\"a\":[],\"b\":{}}}",
          "{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"object\",\"properties\":{\"x\":{\"type\":"
              + "\"string\"}},\"required\":[\"x\"]}]}",
          "{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"kind\":{\"const\":\"a\"},\"n\":{\"type\":"
              + "\"integer\"}},\"required\":[\"kind\",\"n\"]},{\"type\":\"object\",\"properties\":{\"kind\":"
              + "{\"const\":\"b\"},\"s\":{\"type\":\"string\"}},\"required\":[\"kind\",\"s\"]}]}",
          "{\"allOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":"
              + "[\"a\"]},{\"properties\":{\"b\":{\"type\":\"string\"},\"a\":{\"minimum\":5}},\"required\":"
              + "[\"b\"]}]}",
          "{\"$ref\":\"#/$defs/node\",\"$defs\":{\"node\":{\"type\":\"object\",\"properties\":{\"value\":"
              + "{\"type\":\"integer\"},\"next\":{\"anyOf\":[{\"$ref\":\"#/$defs/node\"},{\"type\":\"null\"}]}},"
              + "\"required\":[\"value\",\"next\"],\"additionalProperties\":false}}}",
          "{\"type\":\"object\",\"properties\":{\"children\":{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}},"
              + "\"required\":[\"children\"]}",
          "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"ab\":{\"type\":\"integer\"}},"
              + "\"additionalProperties\":{\"type\":\"string\",\"maxLength\":3}}",
          "{\"type\":\"object\",\"patternProperties\":{\"^x\":{\"type\":\"integer\"},\"y$\":{\"minimum\":3}},"
              + "\"additionalProperties\":false}",
          "{\"type\":\"object\",\"required\":[\"z\"],\"additionalProperties\":{\"type\":\"boolean\"}}",
          "{\"type\":\"object\",\"properties\":{\"t\":{\"type\":\"string\",\"nullable\":true}},\"required\":"
              + "[\"t\"]}",
          "{\"type\":\"object\"}",
          "{\"minimum\":3,\"maxLength\":2}",
          "true",
          "{}");

  private Schemas() {}
}
