package io.millrace.engine.tokenizer.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compared with jinja2 itself in {@code ChatTemplateTest}; here are its use and its bounds. */
class JinjaTemplateTest {

  private static String render(String template, Map<String, ?> variables) {
    return JinjaTemplate.parse(template).render(variables, Clock.systemUTC());
  }

  @Test
  void rendersVariables() {
    assertThat(
            render(
                "{% for x in xs if x > 1 %}{{ x }},{% endfor %}", Map.of("xs", List.of(1, 2, 3))))
        .isEqualTo("2,3,");
  }

  @Test
  void trimsBlocksAndBlanksInFrontOfThem() {
    assertThat(render("a\n  {% if true %}\n  b\n  {% endif %}\nc\n", Map.of()))
        .isEqualTo("a\n  b\nc");
    assertThat(render("a \n {{- 'b' -}} \n c {#- x -#} d", Map.of())).isEqualTo("abcd");
    assertThat(render("{{ '%}' }} {{ {'a': {'b': 1}}['a']['b'] }}", Map.of())).isEqualTo("%} 1");
  }

  @Test
  void templatesCannotChangeWhatTheyAreGiven() {
    List<Integer> list = List.of(1);
    for (String change : List.of("xs.append(2)", "xs.clear()", "xs.sort()")) {
      assertThatThrownBy(() -> render("{{ " + change + " }}", Map.of("xs", list)))
          .isInstanceOf(JinjaException.class)
          .hasMessageContaining("changes a list");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ",
        "{% if x %}",
        "{{ 'a }}",
        "{# x",
        "{% raw %}x",
        "{{ 1 + }}",
        "{% endif %}",
        "{{ a b }}",
        "{% break %}",
        "{% for x %}{% endfor %}",
        "{% set 1 = 2 %}",
        "{{ [1, }}",
        "{{ x | }}",
        "{% for x in y recursive %}{% endfor %}",
        "{% block a %}{% endblock %}",
        "{{ '\\UFFFFFFFF' }}",
        "{{ 99999999999999999999 }}",
      })
  void saysInOneLineWhatIsBroken(String template) {
    assertThatThrownBy(() -> JinjaTemplate.parse(template))
        .isInstanceOf(JinjaException.class)
        .message()
        .isNotBlank()
        .doesNotContain("\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{% set n = namespace(x='a') %}{% for i in range(99999) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{{ 'a' * 99999999999 }}",
        "{{ [1] * 99999999999 }}",
        "{{ range(100000000)|length }}",
        "{{ 'x'.ljust(999999999999) }}",
        "{{ 'aaaa'.replace('', 'b' * 9999999) }}",
        "{{ 2 ** 9999999999 }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% set n = namespace(x=0) %}{% for i in range(200) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
        "{{ 1 // 0 }}",
        "{{ xs|join(missing.y) }}",
      })
  void boundsWhatTemplatesCompute(String template) {
    assertTimeout(
        Duration.ofSeconds(20),
        () ->
            assertThatThrownBy(() -> render(template, Map.of("xs", List.of())))
                .isInstanceOf(JinjaException.class));
  }

  @Test
  void refusesDeepNesting() {
    for (String open : List.of("(", "[", "not ", "-", "{1:")) {
      assertThatThrownBy(() -> JinjaTemplate.parse("{{ " + open.repeat(100_000)))
          .isInstanceOf(JinjaException.class);
    }
    assertThatThrownBy(() -> JinjaTemplate.parse("{% if 1 %}".repeat(10_000)))
        .isInstanceOf(JinjaException.class);
    assertThatThrownBy(() -> JinjaTemplate.parse("{% if 1 %}" + "{% elif 1 %}".repeat(20_000)))
        .isInstanceOf(JinjaException.class);
  }
}
