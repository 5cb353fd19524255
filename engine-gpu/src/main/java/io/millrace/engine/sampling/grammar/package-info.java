/**
 * Structured output: answers that JSON schema, a regular expression or a list of choices allow.
 *
 * <p>{@link io.millrace.engine.sampling.grammar.Grammar} compiles a {@link
 * io.millrace.engine.ResponseFormat} to a graph over bytes with calls and counted repetitions,
 * which an automaton walks, making its states when they are first reached. {@link
 * io.millrace.engine.sampling.grammar.Grammars} brings grammars together with a vocabulary: which
 * tokens may follow a state is found by walking the tree of all tokens, once a state, and kept. A
 * token may cross any border of the grammar; only its bytes count.
 *
 * <p><b>The state is a function of the tokens.</b> {@link
 * io.millrace.engine.sampling.grammar.GrammarState} is immutable and belongs to a history of tokens
 * ({@link io.millrace.engine.sampling.TokenHistory#grammar}): a draft goes on from its sequence's,
 * a verification walks along, a resumed answer replays its tokens, and nothing is kept for any of
 * them.
 *
 * <p><b>No dead ends.</b> What leads nowhere is cut from the graph, so whatever has been written
 * can be completed, if the vocabulary has a token for each byte, as nearly all have.
 */
package io.millrace.engine.sampling.grammar;
