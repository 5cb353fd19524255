package io.millrace.engine.tokenizer.jinja;

import java.time.Clock;
import java.util.Map;

/**
 * A parsed template.
 *
 * <p>Templates come with model files and are not trusted: they reach nothing but their variables,
 * change none of them, and what they compute is bounded. Immutable, thread-safe.
 */
public final class JinjaTemplate {
  private final Statement body;

  private JinjaTemplate(Statement body) {
    this.body = body;
  }

  /**
   * @throws JinjaException if the template is broken
   */
  public static JinjaTemplate parse(String template) {
    return new JinjaTemplate(new Parser(Lexer.tokens(template)).template());
  }

  /**
   * Renders the template.
   *
   * @param variables JSON's values by name
   * @param clock what {@code strftime_now} reads, in its zone
   * @throws JinjaException if the template fails, refuses its input or exceeds a bound; the message
   *     quotes none of the input but what the template itself puts in a refusal
   */
  public String render(Map<String, ?> variables, Clock clock) {
    Rendering rendering = new Rendering(clock);
    Scope scope = new Scope(rendering);
    Globals.install(scope);
    variables.forEach((name, value) -> scope.set(name, Values.of(value)));
    Output output = new Output(rendering);
    body.run(scope.inner(), output);
    return output.text();
  }
}
