package io.millrace.jobs.cli.model;

import io.millrace.engine.ModelSources;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.tokenizer.Tokenizer;
import io.millrace.engine.tokenizer.Tokenizers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tokenize}: text to token ids. */
@Command(
    name = "tokenize",
    description = {
      "Print the token ids of a text, on one line.",
      "The text is taken as it is: no begin or end token is added, and the spelling of a special"
          + " token is plain text. Bytes of a file that are not UTF-8 are encoded as llama.cpp does. Files"
          + " that hold nothing but a vocabulary will do."
    })
public final class TokenizeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "GGUF file (the first of split ones), or a Hugging Face folder.")
  private Path model;

  @ArgGroup(multiplicity = "1")
  private Source source;

  @Option(names = "--special", description = "Spelled-out special tokens become those tokens.")
  private boolean special;

  @Option(names = "--pieces", description = "Print a line a token: its id and its spelling.")
  private boolean pieces;

  private static final class Source {
    @Option(names = "--text-file", paramLabel = "F", description = "Tokenise a file's content.")
    private Path file;

    @Option(names = "--text", paramLabel = "TEXT", description = "Tokenise this.")
    private String text;
  }

  @Override
  public Integer call() {
    byte[] text =
        source.text != null
            ? source.text.getBytes(StandardCharsets.UTF_8)
            : ModelFiles.bytes(source.file);
    Tokenizer tokenizer =
        ModelFiles.open(
            model,
            () -> {
              try (ModelSource source = ModelSources.open(model)) {
                return Tokenizers.fromGguf(source.metadata());
              }
            });
    int[] ids = tokenizer.encode(text, special);
    if (pieces) {
      for (int id : ids) {
        spec.commandLine().getOut().println(id + "\t" + tokenizer.piece(id));
      }
    } else {
      spec.commandLine()
          .getOut()
          .println(IntStream.of(ids).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
    }
    spec.commandLine().getOut().flush();
    return 0;
  }
}
