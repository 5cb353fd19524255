package io.millrace.engine.sampling.grammar;

import io.millrace.engine.ResponseFormat;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A response format, compiled: the texts that an answer may have. Knows nothing of tokens; {@link
 * Grammars} brings it together with a vocabulary. Thread-safe.
 */
public final class Grammar {
  private final PushdownAutomaton automaton;

  private Grammar(PushdownAutomaton automaton) {
    this.automaton = automaton;
  }

  /**
   * Compiles a response format.
   *
   * @throws GrammarException in one line, if it is malformed, asks for something that is not
   *     supported, exceeds a limit, or no text satisfies it
   */
  public static Grammar of(ResponseFormat format) {
    GraphBuilder graph = new GraphBuilder();
    int start;
    if (format instanceof ResponseFormat.JsonObject) {
      start = new JsonGrammar(graph).document(JsonGrammar::object);
    } else if (format instanceof ResponseFormat.JsonSchema schema) {
      start = new SchemaCompiler(graph, SchemaDocument.parse(schema.schema())).document();
    } else if (format instanceof ResponseFormat.Regex regex) {
      start =
          RegexParser.wholeMatch(regex.pattern())
              .write(graph, CharSpelling.utf8(graph), graph.end());
    } else {
      start = choice(graph, ((ResponseFormat.Choice) format).choices());
    }
    return new Grammar(new PushdownAutomaton(graph.build(start)));
  }

  private static int choice(GraphBuilder graph, List<String> choices) {
    List<byte[]> texts = new ArrayList<>();
    choices.forEach(choice -> texts.add(choice.getBytes(StandardCharsets.UTF_8)));
    return LiteralTrie.write(graph, texts, graph.end());
  }

  /** Whether a whole text is one that an answer may have. */
  public boolean accepts(String text) {
    return automaton.accepts(text.getBytes(StandardCharsets.UTF_8));
  }

  PushdownAutomaton automaton() {
    return automaton;
  }
}
