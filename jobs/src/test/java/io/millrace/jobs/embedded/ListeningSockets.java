package io.millrace.jobs.embedded;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The TCP sockets on which a process listens, as Linux sees them. */
public final class ListeningSockets {

  /**
   * @param address in /proc's hexadecimal form: bytes of an IPv4 address in reverse order
   */
  public record Socket(String address, int port) {

    public boolean isLoopback() {
      return (address.length() == 8 && address.endsWith("7F"))
          || address.equals("0000000000000000FFFF00000100007F")
          || address.equals("00000000000000000000000001000000");
    }
  }

  private ListeningSockets() {}

  public static List<Socket> ofThisProcess() throws IOException {
    return of(ProcessHandle.current());
  }

  public static List<Socket> of(ProcessHandle process) throws IOException {
    Path proc = Path.of("/proc", Long.toString(process.pid()));
    assumeTrue(Files.isReadable(proc.resolve("net/tcp")), "skipped: needs Linux's /proc");
    Set<String> mine = socketInodes(proc.resolve("fd"));
    List<Socket> sockets = new ArrayList<>();
    for (String table : new String[] {"net/tcp", "net/tcp6"}) {
      for (String line : Files.readAllLines(proc.resolve(table))) {
        String[] fields = line.trim().split("\\s+");
        boolean listening = fields[3].equals("0A");
        if (listening && mine.contains(fields[9])) {
          String[] local = fields[1].split(":");
          sockets.add(new Socket(local[0], Integer.parseInt(local[1], 16)));
        }
      }
    }
    return sockets;
  }

  private static Set<String> socketInodes(Path descriptors) throws IOException {
    Set<String> inodes = new HashSet<>();
    try (Stream<Path> links = Files.list(descriptors)) {
      for (Path link : links.toList()) {
        try {
          String target = Files.readSymbolicLink(link).toString();
          if (target.startsWith("socket:[")) {
            inodes.add(target.substring("socket:[".length(), target.length() - 1));
          }
        } catch (NoSuchFileException e) {
          // closed since the listing
        }
      }
    }
    return inodes;
  }
}
