package io.millrace.engine;

import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.model.ModelConfig;
import io.millrace.engine.tokenizer.PromptEncoder;
import io.millrace.engine.tokenizer.Tokenizer;
import io.millrace.engine.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A model file without its weights: enough to tokenise, to render conversations and to judge
 * whether a prompt fits.
 *
 * @param source the open file
 * @param config the model's dimensions
 * @param tokenizer its vocabulary
 * @param prompts its chat template
 */
public record ModelFile(
    ModelSource source, ModelConfig config, Tokenizer tokenizer, PromptEncoder prompts)
    implements AutoCloseable {

  /**
   * Opens a model (see {@link ModelSources#open}) and reads its header.
   *
   * @throws IOException with one line that names the file and what is wrong with it
   */
  public static ModelFile open(Path path) throws IOException {
    ModelSource source = ModelSources.open(path);
    try {
      Tokenizer tokenizer = Tokenizers.fromGguf(source.metadata());
      return new ModelFile(
          source,
          ModelConfig.of(source),
          tokenizer,
          PromptEncoder.fromGguf(source.metadata(), tokenizer));
    } catch (IOException | RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /** SHA-256 of all its files, hexadecimal: weights, vocabulary and template in one. */
  public String digest() throws IOException {
    return source.sha256();
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
