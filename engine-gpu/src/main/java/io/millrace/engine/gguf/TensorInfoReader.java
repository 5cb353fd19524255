package io.millrace.engine.gguf;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads and checks the tensor infos of a header. */
final class TensorInfoReader {
  static final int TENSORS_MAX = 1 << 20;
  static final int DIMS_MAX = 4;

  /** Fewest bytes of a tensor info: length of the name, rank, one dimension, type, offset. */
  static final int BYTES_MIN = 8 + 4 + 8 + 4 + 8;

  private static final int NAME_BYTES_MAX = 1024;

  private final GgufInput in;
  private final List<RawTensor> raw = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  TensorInfoReader(GgufInput in) {
    this.in = in;
  }

  /** A tensor info before its data's place is known. */
  private record RawTensor(
      long at, String name, GgmlType type, List<Long> dims, long relativeOffset, long bytes) {
    String quoted() {
      return GgufFormatException.quote(name);
    }
  }

  /**
   * @throws GgufFormatException if the next tensor info is wrong or its name was there before
   */
  void readNext() throws IOException {
    RawTensor tensor = next();
    if (!names.add(tensor.name)) {
      throw in.error(tensor.at, "the tensor " + tensor.quoted() + " comes twice");
    }
    raw.add(tensor);
  }

  private RawTensor next() throws IOException {
    long at = in.position();
    String name = in.string("a tensor's name", NAME_BYTES_MAX);
    String quoted = GgufFormatException.quote(name);
    int rank = in.int32("the dimensions of tensor " + quoted);
    if (rank < 1 || rank > DIMS_MAX) {
      throw in.error(
          at,
          "tensor "
              + quoted
              + " has "
              + Integer.toUnsignedString(rank)
              + " dimensions, not 1 to 4");
    }
    List<Long> dims = new ArrayList<>();
    long elements = 1;
    for (int i = 0; i < rank; i++) {
      long dim = in.int64("the dimensions of tensor " + quoted);
      if (dim < 1 || dim > Long.MAX_VALUE / elements) {
        throw in.error(
            at,
            "tensor "
                + quoted
                + " has a dimension of "
                + Long.toUnsignedString(dim)
                + ", which is impossible");
      }
      elements *= dim;
      dims.add(dim);
    }
    int typeId = in.int32("the type of tensor " + quoted);
    GgmlType type =
        GgmlType.byId(typeId)
            .orElseThrow(
                () ->
                    in.error(
                        at,
                        "tensor "
                            + quoted
                            + " has the unknown or retired type "
                            + Integer.toUnsignedString(typeId)));
    if (dims.get(0) % type.blockElements() != 0) {
      throw in.error(
          at,
          "tensor "
              + quoted
              + " has rows of "
              + dims.get(0)
              + " elements, not whole blocks of "
              + type.blockElements()
              + " as "
              + type
              + " needs");
    }
    long relativeOffset = in.int64("the offset of tensor " + quoted);
    long blocks = elements / type.blockElements();
    if (blocks > in.fileBytes() / type.blockBytes()) {
      throw in.error(at, "tensor " + quoted + " is larger than the file");
    }
    return new RawTensor(at, name, type, dims, relativeOffset, blocks * type.blockBytes());
  }

  /** Turns offsets into places in the file, and checks that the data lie apart from each other. */
  List<TensorInfo> place(long dataOffset, int alignment) throws GgufFormatException {
    List<TensorInfo> tensors = new ArrayList<>(raw.size());
    for (RawTensor tensor : raw) {
      long offset = tensor.relativeOffset;
      if (offset % alignment != 0) {
        throw in.error(
            tensor.at,
            "the data of tensor " + tensor.quoted() + " are not aligned to " + alignment);
      }
      if (offset < 0
          || offset > in.fileBytes()
          || tensor.bytes > in.fileBytes() - dataOffset - offset) {
        throw in.error(
            tensor.at,
            "the data of tensor "
                + tensor.quoted()
                + " end after the file, which has "
                + in.fileBytes()
                + " bytes: is it whole?");
      }
      tensors.add(
          new TensorInfo(tensor.name, tensor.type, tensor.dims, dataOffset + offset, tensor.bytes));
    }
    requireNoGaps(tensors, dataOffset, alignment);
    return List.copyOf(tensors);
  }

  /**
   * Data stand one after another, each aligned, to the file's end: a tensor whose type or size was
   * changed leaves a gap or an overlap.
   */
  private void requireNoGaps(List<TensorInfo> tensors, long dataOffset, int alignment)
      throws GgufFormatException {
    List<TensorInfo> byOffset = new ArrayList<>(tensors);
    byOffset.sort(Comparator.comparingLong(TensorInfo::offset));
    long end = dataOffset;
    String before = "the header";
    for (TensorInfo tensor : byOffset) {
      long start = (end - dataOffset + alignment - 1) / alignment * alignment + dataOffset;
      String name = "tensor " + GgufFormatException.quote(tensor.name());
      if (tensor.offset() != start) {
        throw in.error(
            tensor.offset(),
            tensor.offset() < end
                ? "the data of " + before + " and " + name + " overlap"
                : "there is a gap between " + before + " and the data of " + name);
      }
      end = tensor.offset() + tensor.bytes();
      before = name;
    }
    if (!tensors.isEmpty() && in.fileBytes() - end >= alignment) {
      throw in.error(end, "bytes follow the data of the last tensor, " + before);
    }
  }
}
