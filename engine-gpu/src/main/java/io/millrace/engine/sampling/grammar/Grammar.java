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
  private final GrammarGraph graph;
  private final PushdownAutomaton automaton;

  private Grammar(GrammarGraph graph) {
    this.graph = graph;
    this.automaton = new PushdownAutomaton(graph);
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
    return new Grammar(graph.build(start));
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

  /**
   * The automaton of what a vocabulary can write.
   *
   * @throws GrammarException if its tokens do not have the bytes for any text of the format
   */
  PushdownAutomaton automaton(TokenTrie trie) {
    if (trie.alphabet().cardinality() == 256) {
      return automaton;
    }
    try {
      return new PushdownAutomaton(graph.restrictedTo(trie.alphabet()::get));
    } catch (GrammarException e) {
      throw new GrammarException(
          "the model's vocabulary cannot write any text of the response format");
    }
  }
}
