/** Where the forward pass computes: tensors and a dozen coarse operations over them. */
package io.millrace.engine.backend;
