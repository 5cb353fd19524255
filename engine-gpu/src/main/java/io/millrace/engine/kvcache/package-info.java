/**
 * Which sequence's keys and values lie where, as in vLLM's paged attention: the cache is cut into
 * equal blocks, and a sequence's block table lists its blocks in order of position. No tensors
 * here: the model keeps those, and knows blocks by the same ids.
 *
 * <p>A block has a count of references: one for each table that it is in. While a block is being
 * filled it is in one table only. Once full and computed it can be shared: the {@link
 * io.millrace.engine.kvcache.PrefixCache} finds it by the tokens it holds and those before it, and
 * a new sequence's table starts with it. Nobody writes to a full block, so that sharing needs no
 * copies. What a shared block holds is what the sequence would have computed itself, to the bit
 * (see {@link io.millrace.engine.model.LanguageModel}): a prefix found changes the time, not the
 * answer.
 */
package io.millrace.engine.kvcache;
