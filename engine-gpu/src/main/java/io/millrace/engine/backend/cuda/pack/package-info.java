/** How weights lie in device memory, in the order that the kernels read them. */
package io.millrace.engine.backend.cuda.pack;
