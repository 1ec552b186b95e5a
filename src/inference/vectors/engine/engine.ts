import { Worker } from "node:worker_threads";
import type { Metric } from "../similarity.ts";
import { VectorError } from "../vector-error.ts";
import type {
  ApplyAnswer,
  Changes,
  CollectionState,
  EngineQuery,
  EngineRequest,
  EngineSettings,
  FromEngine,
  SearchAnswer,
  ToEngine,
} from "./engine-protocol.ts";

/** The file of the worker thread: TypeScript in a clone, JavaScript in the compiled package. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./engine-worker.ts" : "./engine-worker.js",
  import.meta.url,
);

interface Pending {
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
}

/**
 * The threads that hold collections in memory and search them; they start with the first use, and
 * again after they failed. What they hold is a copy of the database, so nothing is lost with them.
 */
export class VectorEngine {
  /** Changes when what was opened before is gone. */
  generation = 0;
  private readonly settings: EngineSettings;
  private worker: Worker | null = null;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private nextHandle = 1;

  constructor(settings: EngineSettings) {
    this.settings = settings;
  }

  /** @returns the handle of a new, empty collection */
  async open(metric: Metric, dimension: number): Promise<number> {
    const handle = this.nextHandle++;
    await this.ask({ kind: "open", handle, metric, dimension });
    return handle;
  }

  /** The vectors are taken over. */
  async apply(handle: number, changes: Changes): Promise<ApplyAnswer> {
    return (await this.ask({ kind: "apply", handle, changes }, [
      changes.vectors.buffer,
    ])) as ApplyAnswer;
  }

  async search(handle: number, query: EngineQuery): Promise<SearchAnswer> {
    return (await this.ask({ kind: "search", handle, query })) as SearchAnswer;
  }

  async state(handle: number): Promise<CollectionState> {
    return (await this.ask({ kind: "state", handle })) as CollectionState;
  }

  async drop(handle: number): Promise<void> {
    if (this.worker !== null) await this.ask({ kind: "drop", handle });
  }

  /** Ends the threads once they have done what they are at. */
  async close(): Promise<void> {
    const { worker } = this;
    if (worker === null) return;
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    worker.ref();
    worker.postMessage({ id: 0, request: { kind: "close" } } satisfies ToEngine);
    await ended;
  }

  private ask(request: EngineRequest, transfer: ArrayBuffer[] = []): Promise<unknown> {
    const worker = this.started();
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      // While nothing is asked the threads keep no process alive.
      worker.ref();
      worker.postMessage({ id, request } satisfies ToEngine, transfer);
    });
  }

  private started(): Worker {
    if (this.worker !== null) return this.worker;
    const worker = new Worker(workerFile, {
      workerData: this.settings,
      name: "studio-vectors",
    });
    let reason = "they ended";
    worker.on("error", (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on("exit", () => {
      this.worker = null;
      this.generation += 1;
      const failed = [...this.pending.values()];
      this.pending.clear();
      for (const { reject } of failed) reject(engineError(reason));
    });
    worker.on("message", ({ id, answer, failure }: FromEngine) => {
      const pending = this.pending.get(id);
      this.pending.delete(id);
      if (this.pending.size === 0) worker.unref();
      if (failure === undefined) pending?.resolve(answer);
      else pending?.reject(engineError(failure));
    });
    this.worker = worker;
    return worker;
  }
}

function engineError(reason: string): VectorError {
  return new VectorError(
    "vector.engine",
    `The threads that search vectors did not answer: ${reason}.`,
    "Try again: what they hold is read from the database anew.",
  );
}
