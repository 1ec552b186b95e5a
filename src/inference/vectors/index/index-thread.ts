import { Worker } from "node:worker_threads";
import type { FromIndex, Precision, ToIndex } from "./index-protocol.ts";

/** The file of the worker thread: TypeScript in a clone, JavaScript in the compiled package. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./index-worker.ts" : "./index-worker.js",
  import.meta.url,
);

interface Pending {
  resolve: (rows: Uint32Array | undefined) => void;
  reject: (error: Error) => void;
}

/** The thread that holds the indexes of all collections; it starts with the first. */
export class IndexThread {
  private worker: Worker | null = null;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private nextKey = 1;
  private isClosed = false;

  /** @returns the key of a new, empty index @throws Error once it was closed */
  create(dimension: number, operation: "product" | "square", precision: Precision): number {
    const key = this.nextKey++;
    this.started().postMessage({
      kind: "create",
      key,
      dimension,
      operation,
      precision,
    } satisfies ToIndex);
    return key;
  }

  /** Adds vectors, which are taken over. @throws Error when the library refuses them */
  async add(key: number, rows: BigUint64Array<ArrayBuffer>, vectors: Float32Array<ArrayBuffer>) {
    const transfer = [rows.buffer, vectors.buffer];
    await this.ask((id) => ({ kind: "add", id, key, rows, vectors }), transfer);
  }

  /** The rows near the query, nearest first; few where the index was dropped meanwhile. */
  async search(key: number, query: Float32Array, count: number): Promise<Uint32Array> {
    const rows = await this.ask((id) => ({ kind: "search", id, key, query, count }), []);
    return rows ?? new Uint32Array();
  }

  drop(key: number): void {
    this.worker?.postMessage({ kind: "drop", key } satisfies ToIndex);
  }

  /**
   * Ends the thread once it has done what it is at: it is never ended in the middle of a call. What
   * is asked from then on is refused, so that no measurement under way starts another thread.
   */
  async close(): Promise<void> {
    this.isClosed = true;
    const { worker } = this;
    if (worker === null) return;
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage({ kind: "close" } satisfies ToIndex);
    await ended;
  }

  private ask(
    make: (id: number) => ToIndex,
    transfer: ArrayBuffer[],
  ): Promise<Uint32Array | undefined> {
    return new Promise((resolve, reject) => {
      const worker = this.started();
      const id = this.nextId++;
      this.pending.set(id, { resolve, reject });
      worker.postMessage(make(id), transfer);
    });
  }

  private started(): Worker {
    if (this.isClosed) throw new Error("the index was closed");
    if (this.worker !== null) return this.worker;
    const worker = new Worker(workerFile, { name: "studio-vector-index" });
    worker.on("message", ({ id, rows, failure }: FromIndex) => {
      const pending = this.pending.get(id);
      this.pending.delete(id);
      if (failure === undefined) pending?.resolve(rows);
      else pending?.reject(new Error(failure));
    });
    let reason = "the index was closed";
    worker.on("error", (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on("exit", () => {
      this.worker = null;
      const failed = [...this.pending.values()];
      this.pending.clear();
      for (const { reject } of failed) reject(new Error(reason));
    });
    this.worker = worker;
    return worker;
  }
}
