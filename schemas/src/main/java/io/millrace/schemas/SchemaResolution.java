package io.millrace.schemas;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Field;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;
import org.apache.avro.generic.GenericDatumReader;

/**
 * Whether records written with one schema can be read with another: Avro's own rules, and two more.
 *
 * <ul>
 *   <li>Logical types are equal. Avro looks only at the types below them: an amount with 2 decimals
 *       would be read as one with 24, and milliseconds as microseconds, without a complaint.
 *   <li>Items of the writer's arrays take at least one byte each. Else a record of a few bytes
 *       could claim billions of them.
 * </ul>
 */
public final class SchemaResolution {
  private SchemaResolution() {}

  /**
   * @return what stands in the way, one line each; empty when {@code reader} reads what {@code
   *     writer} wrote
   */
  public static List<String> problems(Schema reader, Schema writer) {
    List<String> problems = new ArrayList<>();
    for (Incompatibility incompatibility :
        SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
            .getResult()
            .getIncompatibilities()) {
      problems.add(
          incompatibility.getLocation()
              + ": "
              + incompatibility.getType()
              + ", "
              + oneLine(incompatibility.getMessage()));
    }
    if (problems.isEmpty()) {
      compareLogicalTypes(reader, writer, reader.getName(), new HashSet<>(), problems);
    }
    findEmptyItems(writer, writer.getName(), new HashSet<>(), problems);
    return problems;
  }

  private record Pair(String reader, String writer) {}

  private static void compareLogicalTypes(
      Schema reader, Schema writer, String path, Set<Pair> visited, List<String> problems) {
    if (writer.getType() == Schema.Type.UNION) {
      writer
          .getTypes()
          .forEach(branch -> compareLogicalTypes(reader, branch, path, visited, problems));
      return;
    }
    if (reader.getType() == Schema.Type.UNION) {
      compareLogicalTypes(branchFor(writer, reader), writer, path, visited, problems);
      return;
    }
    LogicalType read = reader.getLogicalType();
    LogicalType written = writer.getLogicalType();
    if (!Objects.equals(read, written)) {
      problems.add(path + ": read as " + describe(read) + ", written as " + describe(written));
    }
    if (reader.getType() != writer.getType()) {
      return; // a promotion, such as int to long
    }
    switch (reader.getType()) {
      case RECORD -> {
        if (visited.add(new Pair(reader.getFullName(), writer.getFullName()))) {
          for (Field field : reader.getFields()) {
            Field source = writer.getField(field.name());
            if (source != null) {
              compareLogicalTypes(
                  field.schema(), source.schema(), path + "." + field.name(), visited, problems);
            }
          }
        }
      }
      case ARRAY ->
          compareLogicalTypes(
              reader.getElementType(), writer.getElementType(), path + "[]", visited, problems);
      case MAP ->
          compareLogicalTypes(
              reader.getValueType(), writer.getValueType(), path + "{}", visited, problems);
      default -> {}
    }
  }

  /**
   * The branch of the reader's union that takes the writer's type: the same one, or a promotion.
   */
  private static Schema branchFor(Schema writer, Schema union) {
    List<Schema> branches = union.getTypes();
    return branches.stream()
        .filter(branch -> branch.getType() == writer.getType())
        .findFirst()
        .or(() -> branches.stream().filter(b -> b.getType() != Schema.Type.NULL).findFirst())
        .orElse(union.getTypes().get(0));
  }

  private static void findEmptyItems(
      Schema writer, String path, Set<String> visited, List<String> problems) {
    switch (writer.getType()) {
      case RECORD -> {
        if (visited.add(writer.getFullName())) {
          for (Field field : writer.getFields()) {
            findEmptyItems(field.schema(), path + "." + field.name(), visited, problems);
          }
        }
      }
      case ARRAY -> {
        if (GenericDatumReader.isZeroByteSchema(writer.getElementType())) {
          problems.add(path + ": items that take no bytes");
        }
        findEmptyItems(writer.getElementType(), path + "[]", visited, problems);
      }
      case MAP -> findEmptyItems(writer.getValueType(), path + "{}", visited, problems);
      case UNION ->
          writer.getTypes().forEach(branch -> findEmptyItems(branch, path, visited, problems));
      default -> {}
    }
  }

  private static String describe(LogicalType type) {
    if (type instanceof LogicalTypes.Decimal decimal) {
      return "decimal(" + decimal.getPrecision() + ", " + decimal.getScale() + ")";
    }
    return type == null ? "no logical type" : type.getName();
  }

  private static String oneLine(String text) {
    String line = text.replaceAll("\\s+", " ");
    return line.length() <= 200 ? line : line.substring(0, 200) + "...";
  }
}
