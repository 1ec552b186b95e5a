import { setImmediate } from "node:timers/promises";

const longestStretch = 15;

/**
 * A function to await between pieces of synchronous work: it lets the event loop turn once 15 ms
 * have gone by, and throws the reason of an aborted signal.
 */
export function createPace(signal?: AbortSignal): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last > longestStretch) {
      await setImmediate();
      last = performance.now();
    }
    signal?.throwIfAborted();
  };
}

/** What a long action tells about its advance. */
export interface BackupProgress {
  phase: "store" | "verify" | "restore";
  /** Files, folders and links done so far. */
  members: number;
  /** Bytes of content done so far. */
  bytes: number;
  /** Null while it is not known. */
  totalBytes: number | null;
}

export type ProgressListener = (progress: BackupProgress) => void;
