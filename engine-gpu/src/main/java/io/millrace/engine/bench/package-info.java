/**
 * Measures the engine on one device with models of random weights, against what the device's memory
 * and arithmetic allow. It needs this module and its few libraries only, so that it runs where
 * nothing else is installed; see engine-gpu/gpu-check.
 */
package io.millrace.engine.bench;
