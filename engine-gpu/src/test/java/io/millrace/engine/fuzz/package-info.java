/**
 * Everything that reads what a stranger wrote, under fuzz: whatever the bytes, it loads or refuses
 * them with one line, soon and in little memory.
 *
 * <p>{@code mvn verify} replays the inputs under {@code
 * src/test/resources/io/millrace/engine/fuzz}. To look for more, for ten minutes and one target at
 * a time:
 *
 * <pre>JAZZER_FUZZ=1 mvn test -pl engine-gpu -Dtest=ModelFilesFuzzTest#gguf</pre>
 *
 * <p>Jazzer writes an input that breaks something beside the others; commit it with the repair. A
 * new format gets a method here and a folder of inputs named after it.
 */
package io.millrace.engine.fuzz;
