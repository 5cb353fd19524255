/**
 * Model files made of others or of nothing: quantising one, and making one with random weights.
 *
 * <p>Both stream tensor by tensor: a file may be larger than memory.
 */
package io.millrace.engine.convert;
