package io.millrace.jobs.cli.batch;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Properties;

/**
 * What a batch's folder was begun with, so that it goes on only with the same.
 *
 * @param inputBytes the input file's size
 * @param inputSha256 its digest, hexadecimal
 * @param options the job's configuration, as text
 * @param models the digests of the models' files, as text; empty where an earlier version began it
 * @param complete whether the results are written, and only have to get their names
 */
record Manifest(
    long inputBytes, String inputSha256, String options, String models, boolean complete) {
  private static final String FILE = "batch.properties";

  /** Describes a batch that is not complete; reads the whole input. */
  static Manifest of(Path input, String options, String models) throws IOException {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
    long bytes;
    try (InputStream in = new DigestInputStream(Files.newInputStream(input), sha256)) {
      bytes = in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return new Manifest(bytes, HexFormat.of().formatHex(sha256.digest()), options, models, false);
  }

  static Optional<Manifest> read(Path folder) throws IOException {
    Properties p = new Properties();
    try {
      p.load(new StringReader(Files.readString(folder.resolve(FILE))));
      return Optional.of(
          new Manifest(
              Long.parseLong(p.getProperty("input.bytes", "-1")),
              p.getProperty("input.sha256", ""),
              p.getProperty("options", ""),
              p.getProperty("models", ""),
              Boolean.parseBoolean(p.getProperty("complete"))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      throw new IOException(folder.resolve(FILE) + " cannot be understood", e);
    }
  }

  void write(Path folder) throws IOException {
    Properties p = new Properties();
    p.setProperty("input.bytes", Long.toString(inputBytes));
    p.setProperty("input.sha256", inputSha256);
    p.setProperty("options", options);
    p.setProperty("models", models);
    p.setProperty("complete", Boolean.toString(complete));
    StringWriter text = new StringWriter();
    p.store(text, null);
    DurableFile.write(folder.resolve(FILE), text.toString().getBytes(StandardCharsets.UTF_8));
  }

  Manifest completed() {
    return new Manifest(inputBytes, inputSha256, options, models, true);
  }

  boolean sameInput(Manifest other) {
    return inputBytes == other.inputBytes && inputSha256.equals(other.inputSha256);
  }

  /** Whether both were begun with the same weights, as far as both know. */
  boolean sameModels(Manifest other) {
    return models.isEmpty() || other.models.isEmpty() || models.equals(other.models);
  }

  /** Whether this is the manifest's own file. */
  static boolean isAt(Path path, Path folder) {
    return path.equals(folder.resolve(FILE));
  }

  static void delete(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve(FILE));
  }
}
