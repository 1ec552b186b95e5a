import { Worker } from "node:worker_threads";
import { InferenceError } from "./inference-error.ts";
import type { Tensor, Tensors } from "./tensor.ts";
import type { FromWorker, ToWorker, ValueShape, WorkerSettings } from "./worker-protocol.ts";

/** The file of the worker thread: TypeScript in a clone, JavaScript in the compiled package. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js",
  import.meta.url,
);

export interface InstanceEvents {
  ready(inputs: ValueShape[]): void;
  /** The worker is gone; a new one starts after `retryIn` milliseconds. */
  down(reason: string, retryIn: number): void;
}

export interface RunResult {
  outputs: Tensors;
  milliseconds: number;
}

interface Pending {
  id: number;
  resolve(result: RunResult): void;
  reject(error: InferenceError): void;
}

/** First and longest wait before a worker that ended is started again, in milliseconds. */
const backoff = { first: 250, longest: 30_000 };

/** One worker thread with one session, started again whenever it ends by itself. */
export class ModelInstance {
  private worker: Worker | null = null;
  private pending: Pending | null = null;
  private exited: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | undefined;
  private wait = backoff.first;
  private nextId = 1;
  private ready = false;
  private closing = false;
  private readonly file: string;
  private readonly code: URL;
  private readonly events: InstanceEvents;

  constructor(file: string, events: InstanceEvents, code: URL = workerFile) {
    this.file = file;
    this.events = events;
    this.code = code;
  }

  /** True when a batch can be given to it now. */
  get idle(): boolean {
    return this.ready && this.pending === null && !this.closing;
  }

  get isReady(): boolean {
    return this.ready;
  }

  start(): void {
    // ONNX Runtime reads this from the process's own environment, which a worker cannot change;
    // without it the library writes usage files below the home folder.
    process.env["ORT_DISABLE_TELEMETRY"] = "1";
    const workerData: WorkerSettings = { file: this.file };
    const worker = new Worker(this.code, { workerData, name: "studio-inference" });
    this.worker = worker;
    let reason = "the worker thread ended";
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "unloadable") reason = message.reason;
      else this.receive(message);
    });
    worker.on("error", (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    this.exited = new Promise((resolve) => {
      worker.on("exit", () => {
        this.lost(reason);
        resolve();
      });
    });
  }

  /** Runs one batch. @throws InferenceError `inference.failed`, or `inference.crashed` */
  run(feeds: Tensors): Promise<RunResult> {
    const id = this.nextId++;
    const message: ToWorker = { kind: "run", id, feeds };
    const buffers = Object.values(feeds).map((feed: Tensor) => feed.data.buffer as ArrayBuffer);
    return new Promise((resolve, reject) => {
      this.pending = { id, resolve, reject };
      this.worker?.postMessage(message, buffers);
    });
  }

  /** Lets the run in progress finish, then the worker frees its session and ends by itself. */
  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.retry);
    const message: ToWorker = { kind: "close" };
    this.worker?.postMessage(message);
    await this.exited;
  }

  private receive(message: Exclude<FromWorker, { kind: "unloadable" }>): void {
    if (message.kind === "ready") {
      this.ready = true;
      this.events.ready(message.inputs);
      return;
    }
    const pending = this.pending;
    if (pending === null || pending.id !== message.id) return;
    this.pending = null;
    this.wait = backoff.first;
    if (message.kind === "result") {
      pending.resolve({ outputs: message.outputs, milliseconds: message.milliseconds });
    } else {
      pending.reject(
        new InferenceError("inference.failed", `The model refused the input: ${message.reason}`),
      );
    }
  }

  private lost(reason: string): void {
    this.worker = null;
    this.ready = false;
    const pending = this.pending;
    this.pending = null;
    pending?.reject(
      new InferenceError("inference.crashed", "The model's worker ended during the request."),
    );
    if (this.closing) return;
    const wait = this.wait;
    this.wait = Math.min(this.wait * 2, backoff.longest);
    this.retry = setTimeout(() => this.start(), wait);
    this.events.down(reason, wait);
  }
}
