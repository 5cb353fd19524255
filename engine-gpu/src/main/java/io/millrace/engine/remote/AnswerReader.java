package io.millrace.engine.remote;

/** Puts together an answer from the events of its stream. One thread at a time. */
interface AnswerReader extends EventStream.Listener {

  /** Whether some of the answer is there. */
  boolean begun();

  /** Whether the stream said that it is at its end. */
  boolean ended();

  /**
   * The answer, when no more comes.
   *
   * @throws RemoteException if it broke off
   */
  RemoteAnswer answer() throws RemoteException;
}
