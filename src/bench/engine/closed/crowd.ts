/** The users of a closed run. */
export interface Crowd {
  /** No further request; each user ends with what is on its way. */
  stop(): void;
  /** Ends at once; requests on their way stay unfinished. */
  cancel(): void;
  finished: { promise: Promise<unknown>; signal: AbortSignal };
}

/** Tells by a promise and by a signal that all users are done. */
export function finishOf(done: Promise<unknown>): Crowd["finished"] {
  const over = new AbortController();
  return { promise: done.finally(() => over.abort()), signal: over.signal };
}
