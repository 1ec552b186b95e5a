import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { reasonOf } from "../../../errors.ts";
import type { Metric } from "../similarity.ts";
import { VectorError } from "../vector-error.ts";
import type {
  ApplyAnswer,
  Changes,
  CollectionState,
  EngineQuery,
  EngineRequest,
  EngineSettings,
  FoundColumns,
  FromEngine,
  SearchAnswer,
  ToEngine,
} from "./engine-protocol.ts";
import type { Metadata } from "./row-table.ts";

/** The file of the worker thread: TypeScript in a clone, JavaScript in the compiled package. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./engine-worker.ts" : "./engine-worker.js",
  import.meta.url,
);

/** The longest that ending the threads may take, in milliseconds. */
const patience = 10_000;

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
  private isClosed = false;
  private readonly pending = new Map<number, Pending>();
  /** What was asked for in this turn, and what is handed over with it. */
  private outgoing: ToEngine[] = [];
  private transferred: ArrayBuffer[] = [];
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

  /**
   * @param caller who waits for it: once they do not any more, a search whose turn has not come is
   * not computed, and fails
   */
  async search(
    handle: number,
    query: EngineQuery,
    caller?: { onGone: () => void },
  ): Promise<SearchAnswer> {
    const id = this.nextId;
    const asked = this.ask({ kind: "search", handle, query });
    if (caller !== undefined) caller.onGone = () => this.giveUp(id);
    const answer = (await asked) as FoundColumns;
    const { method, ids, scores, metadata } = answer;
    const found = ids.map((id, place) => ({
      id,
      score: scores[place] as number,
      metadata: metadata[place] as Metadata,
    }));
    return { method, found };
  }

  async state(handle: number): Promise<CollectionState> {
    return (await this.ask({ kind: "state", handle })) as CollectionState;
  }

  async drop(handle: number): Promise<void> {
    if (this.worker !== null) await this.ask({ kind: "drop", handle });
  }

  /**
   * Ends the threads once they have done what they are at, which takes milliseconds. One that does
   * not end is left behind after a while: it cannot be ended by force, a native call that is ended in
   * the middle aborts the process. What is asked from now on is refused.
   */
  async close(): Promise<void> {
    this.isClosed = true;
    const { worker } = this;
    if (worker === null) return;
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    this.send(worker, { id: 0, request: { kind: "close" } });
    worker.ref();
    const waiting = new AbortController();
    const { signal } = waiting;
    await Promise.race([ended, sleep(patience, null, { signal }).catch(() => {})]);
    waiting.abort();
    worker.unref();
    this.refuse("they did not end");
  }

  private giveUp(id: number): void {
    if (this.worker === null || !this.pending.has(id)) return;
    this.send(this.worker, { id, request: { kind: "cancel" } });
  }

  private ask(request: EngineRequest, transfer: ArrayBuffer[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) throw engineError("they were ended");
      const worker = this.started();
      const id = this.nextId++;
      this.pending.set(id, { resolve, reject });
      // While nothing is asked the threads keep no process alive.
      worker.ref();
      this.send(worker, { id, request }, transfer);
    });
  }

  /** With whatever else is asked for in this turn. */
  private send(worker: Worker, one: ToEngine, transfer: ArrayBuffer[] = []): void {
    if (this.outgoing.length === 0) queueMicrotask(() => this.post(worker));
    this.outgoing.push(one);
    this.transferred.push(...transfer);
  }

  private post(worker: Worker): void {
    const [messages, buffers] = [this.outgoing, this.transferred];
    this.outgoing = [];
    this.transferred = [];
    try {
      worker.postMessage(messages, buffers);
    } catch (error) {
      // Something that cannot be handed over, as a buffer that was before.
      for (const { id } of messages) {
        this.pending.get(id)?.reject(engineError(reasonOf(error)));
        this.pending.delete(id);
      }
    }
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
      this.refuse(reason);
    });
    worker.on("message", (answers: FromEngine[]) => {
      for (const { id, answer, failure } of answers) {
        const pending = this.pending.get(id);
        this.pending.delete(id);
        if (failure === undefined) pending?.resolve(answer);
        else pending?.reject(engineError(failure));
      }
      if (this.pending.size === 0) worker.unref();
    });
    this.worker = worker;
    return worker;
  }

  private refuse(reason: string): void {
    const failed = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of failed) reject(engineError(reason));
  }
}

function engineError(reason: string): VectorError {
  return new VectorError(
    "vector.engine",
    `The threads that search vectors did not answer: ${reason}.`,
    "Try again: what they hold is read from the database anew.",
  );
}
