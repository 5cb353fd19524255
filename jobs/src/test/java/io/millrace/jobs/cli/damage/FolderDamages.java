package io.millrace.jobs.cli.damage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.cli.damage.Damage.Harm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;

/** Damaged Hugging Face folders: files missing and cut, and every number in them changed. */
final class FolderDamages {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> SIZES =
      List.of(
          "hidden_size",
          "intermediate_size",
          "num_hidden_layers",
          "num_attention_heads",
          "num_key_value_heads",
          "head_dim",
          "vocab_size");

  private final ModelSample model;
  private final Random random;
  private final List<Damage> damages = new ArrayList<>();

  private FolderDamages(ModelSample model, long seed) {
    this.model = model;
    this.random = new Random(seed);
  }

  /** Damages of each of a folder's files. */
  static List<Damage> of(ModelSample model, int flips, long seed) throws IOException {
    FolderDamages damages = new FolderDamages(model, seed);
    for (Map.Entry<String, byte[]> file : model.files().entrySet()) {
      String name = file.getKey();
      damages.missing(name, optional(name) ? Harm.ANY : Harm.FILE);
      damages.flips(name, file.getValue(), flips);
      if (name.endsWith(".json")) {
        damages.cutJson(name, file.getValue());
      } else {
        damages.safetensors(name, file.getValue());
      }
    }
    damages.config();
    damages.index();
    damages.tokenizer();
    return damages.damages;
  }

  private static boolean optional(String name) {
    return name.equals("tokenizer_config.json");
  }

  private void missing(String name, Harm harm) {
    damages.add(new Damage("missing", model, name, null, harm));
  }

  private void cutJson(String name, byte[] whole) {
    for (int length : new int[] {0, 1, 2, whole.length / 3, whole.length / 2, whole.length - 1}) {
      add("cut to " + length, name, Arrays.copyOf(whole, length), Harm.FILE);
    }
    for (String other : new String[] {"[]", "null", "{}x", "\u0000", "{\"a\":1,\"a\":2}"}) {
      add("is " + other, name, other.getBytes(java.nio.charset.StandardCharsets.UTF_8), Harm.FILE);
    }
  }

  private void safetensors(String name, byte[] whole) throws IOException {
    SafetensorsBytes parts = SafetensorsBytes.split(whole);
    int dataAt = whole.length - parts.data().length;
    ObjectNode header = (ObjectNode) JSON.readTree(parts.header());
    TreeSet<Integer> borders = new TreeSet<>(List.of(0, 8, dataAt / 2, dataAt, whole.length));
    for (JsonNode tensor : header) {
      borders.add(dataAt + tensor.get("data_offsets").get(1).intValue());
    }
    for (int border : borders) {
      for (int length = Math.max(0, border - 1); length <= border + 1; length++) {
        if (length != whole.length) {
          add("cut to " + length, name, Arrays.copyOf(whole, length), Harm.FILE);
        }
      }
    }
    long length = (long) dataAt - SafetensorsBytes.LENGTH_BYTES;
    for (long other : new long[] {length + 1, length - 1, 0, -1, 1L << 40, Long.MIN_VALUE}) {
      byte[] bytes = whole.clone();
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, other);
      add("header length " + other, name, bytes, Harm.FILE);
    }
    for (Map.Entry<String, JsonNode> tensor : header.properties()) {
      tensor(name, parts, header, tensor.getKey());
    }
  }

  /** Changes what the header says of one tensor. */
  private void tensor(String file, SafetensorsBytes parts, ObjectNode header, String name) {
    for (String dtype : new String[] {"F16", "F64", "U8", "F99", ""}) {
      change(file, parts, header, name, info -> info.put("dtype", dtype), Harm.FILE);
    }
    change(file, parts, header, name, info -> info.put("dtype", "I32"), Harm.ANY);
    int rank = header.get(name).get("shape").size();
    for (int d = 0; d < rank; d++) {
      int dim = d;
      long size = header.get(name).get("shape").get(d).longValue();
      for (long other : new long[] {size + 1, size - 1, 0, -1, 1L << 40, Long.MAX_VALUE}) {
        change(file, parts, header, name, info -> array(info, "shape", dim, other), Harm.FILE);
      }
    }
    change(file, parts, header, name, info -> info.withArray("shape").add(2), Harm.FILE);
    change(file, parts, header, name, info -> info.withArray("shape").add(1), Harm.ANY);
    for (int end = 0; end < 2; end++) {
      int which = end;
      long offset = header.get(name).get("data_offsets").get(end).longValue();
      for (long other : new long[] {offset + 1, offset - 1, offset + 4, -1, 1L << 40}) {
        change(
            file,
            parts,
            header,
            name,
            info -> array(info, "data_offsets", which, other),
            Harm.FILE);
      }
    }
    for (String field : new String[] {"dtype", "shape", "data_offsets"}) {
      change(file, parts, header, name, info -> info.remove(field), Harm.FILE);
    }
    ObjectNode renamed = header.deepCopy();
    renamed.set("model.layers.0.unknown.weight", renamed.remove(name));
    add(name + " renamed", file, parts.with(renamed.toString()), Harm.FILE);
    ObjectNode removed = header.deepCopy();
    removed.remove(name);
    add(name + " removed", file, parts.with(removed.toString()), Harm.FILE);
  }

  private static void array(ObjectNode info, String field, int at, long value) {
    ((ArrayNode) info.get(field)).set(at, value);
  }

  @FunctionalInterface
  private interface Change {
    void apply(ObjectNode info);
  }

  /** One change, of one tensor in six: all of them are too many. */
  private void change(
      String file,
      SafetensorsBytes parts,
      ObjectNode header,
      String tensor,
      Change change,
      Harm harm) {
    if (random.nextInt(6) != 0) {
      return;
    }
    ObjectNode changed = header.deepCopy();
    change.apply((ObjectNode) changed.get(tensor));
    add(tensor + " is " + changed.get(tensor), file, parts.with(changed.toString()), harm);
  }

  private void config() throws IOException {
    ObjectNode config = (ObjectNode) JSON.readTree(model.files().get("config.json"));
    for (String name : SIZES) {
      int now = config.get(name).intValue();
      for (int other : new int[] {now + 1, now - 1, 0, -1, 2 * now, 1 << 20}) {
        add(name + " = " + other, "config.json", config.deepCopy().put(name, other), Harm.MODEL);
      }
      add(name + " = 'x'", "config.json", config.deepCopy().put(name, "x"), Harm.MODEL);
    }
    for (String name : List.of("rms_norm_eps", "rope_theta", "max_position_embeddings")) {
      for (double other : new double[] {0, -1, 1, 1e30}) {
        add(name + " = " + other, "config.json", config.deepCopy().put(name, other), Harm.ANY);
      }
    }
    ObjectNode other = config.deepCopy();
    other.putArray("architectures").add("Gemma2ForCausalLM");
    add("another class", "config.json", other, Harm.MODEL);
  }

  private void index() throws IOException {
    ObjectNode index = (ObjectNode) JSON.readTree(model.files().get(FolderSample.INDEX));
    String[] files = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"};
    for (String tensor : List.of("model.embed_tokens.weight", "lm_head.weight")) {
      String its = index.get("weight_map").get(tensor).textValue();
      String other = its.equals(files[0]) ? files[1] : files[0];
      for (String file : new String[] {other, "no.safetensors", "../x.safetensors", ""}) {
        ObjectNode changed = index.deepCopy();
        ((ObjectNode) changed.get("weight_map")).put(tensor, file);
        add(tensor + " in " + file, FolderSample.INDEX, changed, Harm.FILE);
      }
    }
    ObjectNode more = index.deepCopy();
    ((ObjectNode) more.get("weight_map")).put("model.layers.7.x.weight", files[0]);
    add("one tensor more", FolderSample.INDEX, more, Harm.FILE);
    ObjectNode less = index.deepCopy();
    ((ObjectNode) less.get("weight_map")).remove("lm_head.weight");
    add("one tensor less", FolderSample.INDEX, less, Harm.ANY);
  }

  private void tokenizer() throws IOException {
    ObjectNode tokenizer = (ObjectNode) JSON.readTree(model.files().get("tokenizer.json"));
    for (Object id : new Object[] {-1, 5, FolderSample.VOCAB, 1 << 30, "x"}) {
      ObjectNode changed = tokenizer.deepCopy();
      ((ObjectNode) changed.get("model").get("vocab")).putPOJO("he", id);
      add("id of 'he' is " + id, "tokenizer.json", changed, Harm.MODEL);
    }
    ObjectNode merge = tokenizer.deepCopy();
    ((ArrayNode) merge.get("model").get("merges")).add("x");
    add("half a merge", "tokenizer.json", merge, Harm.MODEL);
  }

  private void flips(String name, byte[] whole, int count) {
    for (int i = 0; i < count; i++) {
      byte[] bytes = whole.clone();
      int at = random.nextInt(i % 3 == 0 ? bytes.length : Math.min(bytes.length, 2_000));
      bytes[at] ^= (byte) (i % 2 == 0 ? 1 << random.nextInt(8) : 1 + random.nextInt(255));
      add("byte " + at + " is " + (bytes[at] & 0xFF), name, bytes, Harm.ANY);
    }
  }

  private void add(String what, String file, ObjectNode json, Harm harm) throws IOException {
    add(what, file, JSON.writeValueAsBytes(json), harm);
  }

  private void add(String what, String file, byte[] bytes, Harm harm) {
    damages.add(new Damage(what, model, file, old -> bytes, harm));
  }
}
