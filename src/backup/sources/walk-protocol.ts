import type { MemberColumns } from "./member-columns.ts";

/** What to walk, as the thread is told: patterns are compiled there. */
export interface WalkOrder {
  root: string;
  /** `root` without symbolic links. */
  realRoot: string;
  include: readonly string[];
  exclude: readonly string[];
  withheld: readonly string[];
  avoid: ReadonlySet<string>;
}

export interface WalkRequest extends WalkOrder {
  /** One number: the batches that were taken so far. */
  taken: Int32Array<SharedArrayBuffer>;
}

/** What the walk has to tell of a path: one of the reports of `SourceContext`. */
export interface WalkReport {
  kind: "skip" | "vanish" | "ignore" | "link";
  path: string;
  detail: string;
}

/** A batch of members, or the end. */
export type WalkNotice =
  | { columns: MemberColumns; reports: WalkReport[] }
  | { columns: null; reports: WalkReport[]; withheldPaths: string[] };

/** Batches that may wait to be taken: without a bound, all of a large tree would. */
const mostWaiting = 64;

/** Blocks the walking thread while too much of what it sent was not taken. */
export function awaitTaken(taken: Int32Array<SharedArrayBuffer>, sent: number): void {
  for (;;) {
    const count = Atomics.load(taken, 0);
    if (sent - count < mostWaiting) return;
    Atomics.wait(taken, 0, count);
  }
}

export function tellTaken(taken: Int32Array<SharedArrayBuffer>): void {
  Atomics.add(taken, 0, 1);
  Atomics.notify(taken, 0);
}
