package io.millrace.jobs.ledger;

import org.apache.arrow.compression.ZstdCompressionCodec;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.compression.CompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil;

/**
 * ZSTD for small buffers too. Arrow's own codec stores a buffer that would not become smaller as it
 * is, 8 bytes behind a boundary of 8: Polars (1.44) ends with a panic where such a buffer holds
 * decimals, which it wants at a boundary of 16.
 */
final class AlwaysZstd extends ZstdCompressionCodec {

  /** Makes no other codec. */
  static final CompressionCodec.Factory FACTORY =
      new CompressionCodec.Factory() {
        @Override
        public CompressionCodec createCodec(CompressionUtil.CodecType type) {
          return new AlwaysZstd();
        }

        @Override
        public CompressionCodec createCodec(CompressionUtil.CodecType type, int level) {
          return new AlwaysZstd();
        }
      };

  @Override
  public ArrowBuf compress(BufferAllocator allocator, ArrowBuf plain) {
    if (plain.writerIndex() == 0) {
      return super.compress(allocator, plain);
    }
    ArrowBuf compressed = doCompress(allocator, plain);
    // The format wants little-endian bytes; Arrow for Java runs on no other machine.
    compressed.setLong(0, plain.writerIndex());
    plain.close();
    return compressed;
  }
}
