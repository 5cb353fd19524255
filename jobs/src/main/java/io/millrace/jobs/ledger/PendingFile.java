package io.millrace.jobs.ledger;

import java.io.IOException;
import java.time.LocalDate;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * A complete file that waits for its checkpoint.
 *
 * @param name of the file, never used again
 * @param day of its rows
 */
record PendingFile(String name, LocalDate day) {

  /** As it stands in checkpoints. */
  static final class Serializer implements SimpleVersionedSerializer<PendingFile> {
    private static final int VERSION = 1;

    @Override
    public int getVersion() {
      return VERSION;
    }

    @Override
    public byte[] serialize(PendingFile file) throws IOException {
      DataOutputSerializer out = new DataOutputSerializer(64);
      out.writeUTF(file.name());
      out.writeLong(file.day().toEpochDay());
      return out.getCopyOfBuffer();
    }

    @Override
    public PendingFile deserialize(int version, byte[] bytes) throws IOException {
      if (version != VERSION) {
        throw new IOException("a pending ledger file of version " + version + " is not known");
      }
      DataInputDeserializer in = new DataInputDeserializer(bytes);
      return new PendingFile(in.readUTF(), LocalDate.ofEpochDay(in.readLong()));
    }
  }
}
