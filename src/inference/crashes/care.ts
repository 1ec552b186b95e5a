import { rmSync, writeFileSync } from "node:fs";

/** What a worker does while the daemon is careful. */
export interface Care {
  /** Int32: whose turn it is (0: nobody's), and whether to be careful still (0: no longer). */
  turn: SharedArrayBuffer;
  /** Absolute path of the file that names what is being done. */
  file: string;
  /** What is written there, with the act. */
  subject: { model: string; version: string; sha256: string };
  /** False: only loading is done in turn. */
  runs: boolean;
}

export type Act = "load" | "run";

/**
 * Does something that may end the process: nothing else of that kind meanwhile, and noted in a file,
 * so that the next process knows what ended this one. The thread waits for its turn.
 */
export async function inTurn<T>(care: Care | null, act: Act, work: () => Promise<T>): Promise<T> {
  if (care === null || (act === "run" && !care.runs)) return await work();
  const turn = new Int32Array(care.turn);
  if (Atomics.load(turn, 1) === 0) return await work();
  while (Atomics.compareExchange(turn, 0, 0, 1) !== 0) Atomics.wait(turn, 0, 1);
  try {
    note(care, act);
    return await work();
  } finally {
    forget(care);
    Atomics.store(turn, 0, 0);
    Atomics.notify(turn, 0, 1);
  }
}

/** A disk that is full keeps no model from being served: then nobody is blamed. */
function note({ file, subject }: Care, act: Act): void {
  try {
    writeFileSync(file, JSON.stringify({ ...subject, act }), { mode: 0o600 });
  } catch {
    forget({ file });
  }
}

function forget({ file }: Pick<Care, "file">): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Read-only by now; what is told of a later end may then be wrong once.
  }
}
