/**
 * Models that others serve, behind the same {@link io.millrace.engine.Engine} interface: one engine
 * ({@link io.millrace.engine.remote.RemoteEngine}), and a {@link
 * io.millrace.engine.remote.RemoteProtocol} for each way of asking. The client is the JDK's.
 */
package io.millrace.engine.remote;
