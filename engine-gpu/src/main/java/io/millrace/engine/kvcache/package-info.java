/**
 * Which sequence's keys and values lie where, as in vLLM's paged attention: the cache is cut into
 * equal blocks, and a sequence's block table lists its blocks in order of position. No tensors
 * here: the model keeps those, and knows blocks by the same ids.
 *
 * <p>A block has a count of references. Today each used block belongs to exactly one table. A
 * prefix cache shares blocks by taking a reference of its own to every block that is full and
 * computed: a table's release then leaves the block used, a new sequence's table starts with the
 * shared blocks (each retained once more), and when blocks run out the cache releases those that
 * only it refers to. Neither pool nor table needs to know more than the count.
 */
package io.millrace.engine.kvcache;
