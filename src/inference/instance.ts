import { Worker } from "node:worker_threads";
import { InferenceError } from "./inference-error.ts";
import { InputSlot } from "./input-slot.ts";
import { readOutputs } from "./read-outputs.ts";
import type { Tensors } from "./tensor.ts";
import type {
  FromWorker,
  RowDimension,
  ToWorker,
  ValueShape,
  WorkerSettings,
} from "./worker-protocol.ts";

/** The file of the worker thread: TypeScript in a clone, JavaScript in the compiled package. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js",
  import.meta.url,
);

/** What a session says about its model. */
export interface ModelSignature {
  inputs: readonly ValueShape[];
  outputs: readonly ValueShape[];
  rows: RowDimension;
}

export interface InstanceEvents {
  ready(signature: ModelSignature): void;
  /** The worker is gone; a new one starts after `retryIn` milliseconds. */
  down(reason: string, retryIn: number): void;
  /** The run takes longer than it may; nothing can end it but the end of the process. */
  stuck(milliseconds: number): void;
  /** A run that was taken for stuck has come to its end after all. */
  recovered(): void;
}

export interface InstanceSettings extends Omit<WorkerSettings, "file"> {
  /** Milliseconds after which a run is taken for stuck. */
  stuckAfter: number;
  /** Bytes of a slot that is kept; more serve one run. */
  slotBytes: number;
  /** Another worker file than the module's own. */
  workerFile?: URL | undefined;
  /** Says, once a worker has read the file, whether that is what it is to serve. */
  confirm?: (() => Promise<boolean>) | undefined;
}

export interface RunResult {
  /** Of each part of the batch; null when the model gave no row for each of the batch. */
  outputs: Tensors[] | null;
  /** When nothing was in front of it any more, as `performance.now()` tells it. */
  begun: number;
  /** Time of `session.run`. */
  milliseconds: number;
}

type FromWorkerOf<Kind extends FromWorker["kind"]> = Extract<FromWorker, { kind: Kind }>;

/** Called when the run is over, or will never be. */
type Done = (outcome: RunResult | InferenceError) => void;

interface Run {
  id: number;
  rows: number[];
  begun: number;
  done: Done;
}

interface Session {
  signature: ModelSignature;
  /** Runs take turns in using them: while one is computed, the next one is written. */
  inputs: readonly InputSlot[];
  outputs: readonly SharedArrayBuffer[];
}

/**
 * What a run makes is forgotten with its answer. V8 would let each thread have some 70 MB of it
 * before it looks, as soon as many runs come quickly, and never give them back.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 12 };

/** First and longest wait before a worker that ended is started again, in milliseconds. */
const backoff = { first: 250, longest: 30_000 };

/** One worker thread with one session, started again whenever it ends by itself. */
export class ModelInstance {
  private worker: Worker | null = null;
  private session: Session | null = null;
  /** The one that is computed, and one that follows it. */
  private readonly runs: Run[] = [];
  private readonly watchdog: NodeJS.Timeout;
  private isStuck = false;
  /** Why the worker ends, where it does so by itself. */
  private reason = "";
  private started: () => void = () => undefined;
  private gone: Promise<void> = Promise.resolve();
  private leave: () => void = () => undefined;
  private retry: NodeJS.Timeout | undefined;
  private wait = backoff.first;
  private nextId = 1;
  private closing = false;
  private readonly file: string;
  private readonly settings: InstanceSettings;
  private readonly events: InstanceEvents;

  constructor(file: string, events: InstanceEvents, settings: InstanceSettings) {
    this.file = file;
    this.events = events;
    this.settings = settings;
    // One timer for all runs: it is put off when one begins, and looks whether one is there.
    this.watchdog = setTimeout(() => this.giveUp(), settings.stuckAfter).unref();
  }

  /** True when it would compute a batch at once. */
  get idle(): boolean {
    return this.isReady && this.runs.length === 0 && !this.closing;
  }

  /** True when it computes a batch, and could have the next one at hand. */
  get takesAnother(): boolean {
    return this.isReady && this.runs.length === 1 && !this.closing;
  }

  get isReady(): boolean {
    return this.session !== null && !this.isStuck;
  }

  /** True while a run does not end. */
  get stuck(): boolean {
    return this.isStuck;
  }

  /** Resolves when the worker is ready, or has ended without ever being so. */
  start(): Promise<void> {
    this.launch();
    return new Promise((resolve) => {
      this.started = resolve;
    });
  }

  /**
   * Runs one batch of an instance that is idle or takes another: the rows of all parts under one
   * another.
   * @param rows of each part
   */
  run(parts: readonly Tensors[], rows: number[], done: Done): void {
    const { session, worker, nextId: id } = this;
    if (session === null || worker === null || this.runs.length > 1) {
      throw new Error("The instance takes no run.");
    }
    let message: ToWorker;
    try {
      message = { kind: "run", id, ...turnOf(session.inputs, id).write(parts) };
    } catch {
      // Too little memory, or a caller has given away what he asked about.
      done(new InferenceError("inference.failed", "The inputs could not be put together."));
      return;
    }
    this.nextId += 1;
    this.runs.push({ id, rows, begun: performance.now(), done });
    if (this.runs.length === 1) this.watchdog.refresh();
    worker.postMessage(message);
  }

  /**
   * Lets what it was given finish, then the worker frees its session and ends by itself. A stuck
   * one is left alone: to end it would abort the process.
   */
  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.retry);
    if (this.isStuck) return;
    const message: ToWorker = { kind: "close" };
    this.worker?.postMessage(message);
    await this.gone;
    clearTimeout(this.watchdog);
  }

  private launch(): void {
    // ONNX Runtime reads this from the process's own environment, which a worker cannot change;
    // without it the library writes usage files below the home folder.
    process.env["ORT_DISABLE_TELEMETRY"] = "1";
    const { threads, warmUp, care, workerFile: code = workerFile } = this.settings;
    const workerData: WorkerSettings = { file: this.file, threads, warmUp, care };
    const worker = new Worker(code, { workerData, name: "studio-inference", resourceLimits });
    this.worker = worker;
    this.reason = "the worker thread ended";
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "unloadable") this.reason = message.reason;
      else if (message.kind === "ready") void this.serveIfConfirmed(worker, message);
      else this.receive(message);
    });
    worker.on("error", (error: unknown) => {
      this.reason = error instanceof Error ? error.message : String(error);
    });
    this.gone = new Promise((resolve) => {
      this.leave = resolve;
    });
    worker.on("exit", () => {
      this.lost();
      this.leave();
    });
  }

  private async serveIfConfirmed(worker: Worker, message: FromWorkerOf<"ready">): Promise<void> {
    const confirmed = (await this.settings.confirm?.().catch(() => false)) ?? true;
    if (this.worker !== worker) return;
    if (confirmed) return this.serve(message);
    this.reason = "its files have changed since they were read";
    worker.postMessage({ kind: "close" } satisfies ToWorker);
  }

  private serve({ inputs, outputs, rows, slots }: FromWorkerOf<"ready">): void {
    const { slotBytes } = this.settings;
    this.session = {
      signature: { inputs, outputs, rows },
      inputs: slots.map(() => new InputSlot(inputs, slotBytes)),
      outputs: slots,
    };
    this.started();
    this.events.ready(this.session.signature);
  }

  private receive(message: FromWorkerOf<"result" | "failed">): void {
    const { session } = this;
    const [current, next] = this.runs;
    if (session === null) return;
    this.wait = backoff.first;
    if (current?.id !== message.id) {
      this.recover();
      return;
    }
    const outcome =
      message.kind === "failed" ? refused(message.reason) : read(session, message, current);
    this.runs.shift();
    if (next !== undefined) {
      next.begun = performance.now();
      this.watchdog.refresh();
    }
    current.done(outcome);
  }

  /** Answers the callers of a run that does not end. */
  private giveUp(): void {
    if (this.runs.length === 0) return;
    const { stuckAfter } = this.settings;
    this.isStuck = true;
    this.worker?.unref();
    this.leave();
    this.events.stuck(stuckAfter);
    this.failRuns(
      new InferenceError("inference.stuck", `The model did not end a run in ${stuckAfter} ms.`),
    );
  }

  private failRuns(error: InferenceError): void {
    for (const { done } of this.runs.splice(0)) done(error);
  }

  private recover(): void {
    if (!this.isStuck) return;
    this.isStuck = false;
    this.worker?.ref();
    if (this.closing) void this.close();
    else this.events.recovered();
  }

  private lost(): void {
    this.started();
    this.worker = null;
    this.session = null;
    this.isStuck = false;
    this.failRuns(
      new InferenceError("inference.crashed", "The model's worker ended during the request."),
    );
    if (this.closing) return;
    const wait = this.wait;
    this.wait = Math.min(this.wait * 2, backoff.longest);
    this.retry = setTimeout(() => this.launch(), wait);
    this.events.down(this.reason, wait);
  }
}

function turnOf<T>(slots: readonly T[], id: number): T {
  return slots[id % slots.length] as T;
}

function refused(reason: string): InferenceError {
  return new InferenceError("inference.refused", `The model refused the input: ${reason}`);
}

function read(
  { signature, outputs: slots }: Session,
  message: FromWorkerOf<"result">,
  { id, rows, begun }: Run,
): RunResult {
  const outputs = readOutputs(signature.outputs, message, turnOf(slots, id), rows);
  return { outputs, begun, milliseconds: message.milliseconds };
}
