package io.millrace.jobs.cli.damage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * One change of one file of a model.
 *
 * @param what for messages
 * @param model what is damaged
 * @param file the file's name
 * @param change its new content of its old one; null if it is missing
 * @param harm what the change does
 */
public record Damage(
    String what, ModelSample model, String file, UnaryOperator<byte[]> change, Harm harm) {

  /** What must come of a change. */
  public enum Harm {
    /** Anything may still be right: it loads, or is refused. */
    ANY,
    /** The files are well-formed, but no model can be made of them: using it is refused. */
    MODEL,
    /** The file is inconsistent in itself: whoever opens it refuses it. */
    FILE
  }

  /**
   * Writes the damaged model.
   *
   * @return what to open
   */
  public Path write(Path folder) throws IOException {
    Path opened = model.write(folder);
    Path damaged = folder.resolve(file);
    if (change == null) {
      Files.delete(damaged);
    } else {
      Files.write(damaged, change.apply(model.files().get(file)));
    }
    return opened;
  }

  @Override
  public String toString() {
    return model.name() + ", " + file + ": " + what + " (" + harm + ")";
  }
}
