package io.millrace.jobs.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.cli.CommandFailure;
import io.millrace.jobs.cli.progress.Format;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench prefix}: how much of a trace's prompts a prefix cache would hold. */
@Command(
    name = "prefix",
    description = {
      "Replay a trace of prompts through the prefix cache's bookkeeping, and print its hit rate.",
      "The trace has a JSON object a line, with the ids of a prompt's blocks in hash_ids, as"
          + " Mooncake publishes them. Prompts run one after another, each to its end; no model is"
          + " needed. The hit rate is the share of all ids, those of last, partial blocks too, that"
          + " were cached when their prompt came."
    })
public final class PrefixCommand implements Callable<Integer> {
  private static final int BLOCKS_MAX = 1_000_000;

  @Spec private CommandSpec spec;

  @Option(names = "--trace", required = true, paramLabel = "FILE", description = "JSON lines.")
  private Path trace;

  @Option(
      names = "--blocks",
      required = true,
      paramLabel = "N",
      description = "Blocks that the cache holds, 1 to 1000000.")
  private int blocks;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there, too.")
  private Path json;

  @Override
  public Integer call() {
    if (blocks < 1 || blocks > BLOCKS_MAX) {
      throw CommandFailure.wrongUse("--blocks is " + blocks + ", must be 1 to " + BLOCKS_MAX);
    }
    PrefixReplay replay = replay();
    if (replay.blockIds() == 0) {
      throw CommandFailure.failed(trace + " holds no blocks");
    }
    print(replay);
    if (json != null) {
      write(replay);
    }
    return 0;
  }

  private PrefixReplay replay() {
    PrefixReplay replay = new PrefixReplay(blocks);
    try (BlockTrace requests = BlockTrace.open(trace)) {
      for (long[] ids = requests.next(); ids != null; ids = requests.next()) {
        replay.request(ids);
      }
    } catch (NoSuchFileException e) {
      throw CommandFailure.failed("no such file: " + trace, e);
    } catch (IOException e) {
      throw CommandFailure.failed("cannot read " + trace + ": " + e.getMessage(), e);
    }
    return replay;
  }

  private void print(PrefixReplay replay) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf("blocks          %s%n", Format.count(blocks));
    out.printf("requests        %s%n", Format.count(replay.requests()));
    out.printf("block ids       %s%n", Format.count(replay.blockIds()));
    out.printf("cached          %s%n", Format.count(replay.hits()));
    out.printf(Locale.ROOT, "block hit rate  %.4f%n", replay.hitRate());
    out.flush();
    if (replay.tooLong() > 0) {
      spec.commandLine()
          .getErr()
          .printf(
              "millrace: %s requests have more than %s blocks; nothing of them was cached%n",
              Format.count(replay.tooLong()), Format.count(blocks));
      spec.commandLine().getErr().flush();
    }
  }

  private void write(PrefixReplay replay) {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode result = mapper.createObjectNode();
    result.put("blocks", blocks);
    result.put("block_hit_rate", replay.hitRate());
    result.put("requests", replay.requests());
    ResultFile.write(json, result);
  }
}
