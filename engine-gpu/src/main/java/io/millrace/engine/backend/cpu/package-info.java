/**
 * The backends that compute on the CPU: {@code ScalarBackend}, plain Java and the oracle of all
 * others, and {@code VectorBackend}, over the JDK's incubating Vector API.
 *
 * <p>Classes whose names start with {@code Vector} are compiled with that incubating module;
 * nothing else may refer to them, but for {@code CpuBackends}, by name.
 */
package io.millrace.engine.backend.cpu;
