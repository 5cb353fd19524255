package io.millrace.engine;

import io.millrace.engine.gguf.GgufFile;
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
 * @param gguf the open file
 * @param config the model's dimensions
 * @param tokenizer its vocabulary
 * @param prompts its chat template
 */
public record ModelFile(
    GgufFile gguf, ModelConfig config, Tokenizer tokenizer, PromptEncoder prompts)
    implements AutoCloseable {

  /**
   * Opens a file and reads its header.
   *
   * @throws IOException with one line that names the file and what is wrong with it
   */
  public static ModelFile open(Path path) throws IOException {
    GgufFile gguf = GgufFile.open(path);
    try {
      Tokenizer tokenizer = Tokenizers.fromGguf(gguf.metadata());
      return new ModelFile(
          gguf,
          ModelConfig.of(gguf),
          tokenizer,
          PromptEncoder.fromGguf(gguf.metadata(), tokenizer));
    } catch (IOException | RuntimeException e) {
      gguf.close();
      throw e;
    }
  }

  /** SHA-256 of the whole file, hexadecimal: weights, vocabulary and template in one. */
  public String digest() throws IOException {
    return gguf.sha256();
  }

  @Override
  public void close() throws IOException {
    gguf.close();
  }
}
