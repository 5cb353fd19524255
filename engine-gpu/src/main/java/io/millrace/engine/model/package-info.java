/** What a model is and what it computes: configuration, weights, the forward pass. */
package io.millrace.engine.model;
