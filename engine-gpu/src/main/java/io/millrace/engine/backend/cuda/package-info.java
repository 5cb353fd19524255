/**
 * The CUDA backend: host code over {@link io.millrace.engine.backend.cuda.CudaDriver}, a small
 * interface of driver calls. Only this package may import JCuda.
 */
package io.millrace.engine.backend.cuda;
