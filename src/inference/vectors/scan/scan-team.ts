import { Worker } from "node:worker_threads";
import { createKernel, type Kernel, queriesAtOnce, rowBytesOf } from "../kernel/kernel.ts";
import { pageBytes } from "../kernel/shared-memory.ts";
import { mostDimensions } from "../similarity.ts";
import { PageArena } from "./page-arena.ts";
import {
  announce,
  awaitCompletion,
  control,
  createControl,
  type ScanJob,
  workOn,
} from "./scan-control.ts";
import type { ScanWorkerData } from "./scan-worker.ts";

/** The file of the worker thread: TypeScript in a clone, JavaScript in the compiled package. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./scan-worker.ts" : "./scan-worker.js",
  import.meta.url,
);

/** The longest that a thread may take for its block, in milliseconds. */
const patience = 10_000;

/** Threads that compare queries with rows of one memory. `scan` blocks the thread that calls it. */
export class ScanTeam {
  readonly arena: PageArena;
  private readonly shared = createControl();
  private readonly kernel: Kernel;
  /** Fulfilled as each of the other threads ends. */
  private readonly ends: Promise<unknown>[];
  private readonly queryPages: number[];

  /** @param options.threads the one that calls included; @param options.bytes of all rows */
  constructor(options: { threads: number; bytes: number }) {
    const queryPages = Math.ceil((queriesAtOnce * rowBytesOf(mostDimensions)) / pageBytes);
    this.arena = new PageArena(options.bytes + queryPages * pageBytes);
    // Fresh memory, so these pages follow one another.
    this.queryPages = Array.from({ length: queryPages }, () => this.arena.take() ?? 0);
    this.kernel = createKernel(this.arena.memory);
    const workerData: ScanWorkerData = { memory: this.arena.memory, shared: this.shared };
    this.ends = Array.from({ length: options.threads - 1 }, () => {
      const worker = new Worker(workerFile, { workerData, name: "studio-vector-scan" });
      return new Promise((resolve) => worker.once("exit", resolve));
    });
  }

  /** Compares up to `queriesAtOnce` queries with all rows of the pages. */
  scan(queries: readonly Float32Array[], job: Omit<ScanJob, "queries" | "many">): void {
    const many = queries.length > 1;
    const address = (this.queryPages[0] as number) * pageBytes;
    const { floats } = this.arena;
    const rowFloats = job.rowBytes / 4;
    floats.fill(0, address / 4, address / 4 + queriesAtOnce * rowFloats);
    for (const [index, query] of queries.entries())
      floats.set(query, address / 4 + index * rowFloats);
    announce(this.shared, { ...job, queries: address, many });
    workOn(this.shared, this.kernel);
    awaitCompletion(this.shared, patience);
  }

  async close(): Promise<void> {
    Atomics.store(this.shared, control.stopping, 1);
    Atomics.add(this.shared, control.signal, 1);
    Atomics.notify(this.shared, control.signal);
    await Promise.all(this.ends);
  }
}
