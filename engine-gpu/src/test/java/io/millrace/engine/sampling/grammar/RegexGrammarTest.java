package io.millrace.engine.sampling.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.ResponseFormat;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegexGrammarTest {

  @Test
  void acceptsWhatThePatternMatchesAsAWhole() {
    Grammar grammar = Grammar.of(new ResponseFormat.Regex("(yes|no), [A-Z]{2,3}"));
    assertThat(grammar.accepts("yes, ABC")).isTrue();
    assertThat(grammar.accepts("no, AB")).isTrue();
    assertThat(grammar.accepts("no, A")).isFalse();
    assertThat(grammar.accepts("no, ABCD")).isFalse();
    assertThat(grammar.accepts("well, yes, AB")).isFalse();
  }

  @Test
  void aChoiceIsOneOfItsTexts() {
    Grammar grammar = Grammar.of(new ResponseFormat.Choice(List.of("a", "ab", "世界", "a\"")));
    for (String text : List.of("a", "ab", "世界", "a\"")) {
      assertThat(grammar.accepts(text)).as(text).isTrue();
    }
    for (String text : List.of("", "b", "aba", "世", "a\\\"")) {
      assertThat(grammar.accepts(text)).as(text).isFalse();
    }
  }

  /** Every feature, and what a random model writes: java.util.regex must agree with all of it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "abc|abd|x*",
        "[a-c0-9_-]+",
        "[^a-z]{1,5}",
        "\\d{4}-\\d{2}-\\d{2}",
        "(a|b|(c|d)e){2,4}?f??",
        "(?:ab){0,20}c{3,}",
        "\\w+@\\w+\\.(com|org)",
        "\\s\\S\\D\\W",
        ".{3}",
        "[\\u4e00-\\u9fff]{2}[\\x41-\\x43]\\t",
        "\\p{Lu}\\p{Ll}{1,3}\\P{L}",
        "(?<year>\\d\\d)\\.\\*\\\\\\[",
        "[é-ü😀-😎]{1,3}",
        "^(1|[2-3]).{0,4}[\":]$",
        "^a|b$",
        "(a*)*b",
        "(a?){12}a{12}",
        "(|a|bb)+c",
        "[.*+?(){}|^$\\]-]{1,4}",
        "a{0}b{1}c{2}",
      })
  void javaMatchesWhatIsWritten(String pattern) throws Exception {
    Pattern java = Pattern.compile(pattern);
    ResponseFormat format = new ResponseFormat.Regex(pattern);
    RandomAnswers answers = new RandomAnswers(TestVocabulary.json(), new Random(1));
    Grammar grammar = Grammar.of(format);
    int complete = 0;
    for (int i = 0; i < 60; i++) {
      String answer = answers.next(format);
      if (answer != null) {
        assertThat(java.matcher(answer).matches()).as(answer).isTrue();
        assertThat(grammar.accepts(answer)).as(answer).isTrue();
        complete++;
      }
    }
    assertThat(complete).isGreaterThan(10);
  }

  /** Both ways: short random texts, most of which do not match. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a*b?c|ab{2,3}",
        "(a|bc)*",
        "[^ab]c+",
        "(ab|a)(c|bcd)?",
        "a.c",
        "(?:a|b){2}c{0,1}",
        "^ab|ca$",
        "((a|b)c?){1,3}",
        "\\w[^c]",
        "(a{1,2}){2}"
      })
  void agreesWithJavaOnRandomTexts(String pattern) {
    Pattern java = Pattern.compile(pattern);
    Grammar grammar = Grammar.of(new ResponseFormat.Regex(pattern));
    CharAutomaton automaton = CharAutomaton.of(RegexParser.wholeMatch(pattern));
    CharAutomaton search = CharAutomaton.of(RegexParser.search(pattern));
    Random random = new Random(3);
    for (int i = 0; i < 3000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(7); n > 0; n--) {
        text.append("abc dé".charAt(random.nextInt(6)));
      }
      boolean matches = java.matcher(text).matches();
      assertThat(grammar.accepts(text.toString())).as("%s", text).isEqualTo(matches);
      assertThat(automaton.accepts(text.toString())).as("%s", text).isEqualTo(matches);
      assertThat(automaton.complement().accepts(text.toString())).isNotEqualTo(matches);
      assertThat(search.accepts(text.toString())).isEqualTo(java.matcher(text).find());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      quoteCharacter = '"',
      value = {
        "a(?=b) look-around",
        "a(?!b) look-around",
        "(?<=a)b look-around",
        "(?i)a look-around",
        "(a)\\1 \\1",
        "(?<n>a)\\k<n> \\k",
        "\\bword \\b",
        "a++ possessive",
        "a** quantifier",
        "*a quantifier",
        "(a unmatched",
        "a) unmatched",
        "[a unmatched",
        "[] empty",
        "[[:alpha:]] POSIX",
        "[z-a] range",
        "a{3,2} least",
        "a{200000} 100000",
        "(a{1000}){1000} multiply",
        "a$b ends",
        "(^a)* ends",
        "a\\ backslash",
        "\\xZZ hexadecimal",
        "\\p{Script=Greek} category",
        "\\q \\q"
      })
  void refusesInOneLineWhatIsNotSupported(String pattern, String reason) {
    assertThatThrownBy(() -> Grammar.of(new ResponseFormat.Regex(pattern)))
        .isInstanceOf(GrammarException.class)
        .hasMessageContaining(reason)
        .hasMessageNotContaining("\n");
  }

  @Test
  void hostilePatternsEndQuickly() {
    assertThatThrownBy(() -> Grammar.of(new ResponseFormat.Regex("(".repeat(5000))))
        .hasMessageContaining("nested");
    assertThatThrownBy(() -> Grammar.of(new ResponseFormat.Regex("a".repeat(20_000))))
        .hasMessageContaining("20000 characters");
    Grammar ambiguous = Grammar.of(new ResponseFormat.Regex("(a|a|aa)*(a*)*(a{0,50}){0,50}b"));
    assertThat(ambiguous.accepts("a".repeat(2000) + "b")).isTrue();
    // A deterministic automaton of this has 2^30 states.
    Grammar exponential = Grammar.of(new ResponseFormat.Regex("(a|b)*a(a|b){30}"));
    assertThat(exponential.accepts("ab".repeat(100) + "a")).isTrue();
    Grammar hopeless = Grammar.of(new ResponseFormat.Regex("((a{0,50}){0,50}a{0,10}){0,5}b"));
    assertThatThrownBy(() -> hopeless.accepts("a".repeat(10_000)))
        .isInstanceOf(GrammarException.class)
        .hasMessageContaining("too many ways");
  }

  @Test
  void anEmptyLanguageIsRefused() {
    assertThatThrownBy(() -> Grammar.of(new ResponseFormat.Regex("[^\\w\\W]")))
        .hasMessage("nothing satisfies it");
  }
}
