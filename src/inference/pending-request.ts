import type { Cancellation } from "./cancellation.ts";
import type { Link } from "../linked-list.ts";
import { InferenceError } from "./inference-error.ts";
import { cancelled, late } from "./model-errors.ts";
import { joinRows, type Tensors } from "./tensor.ts";

export const priorities = ["high", "normal", "low"] as const;

export type Priority = (typeof priorities)[number];

export interface JobOptions {
  /** Milliseconds from now after which the caller no longer waits. */
  timeout: number;
  /** Aborted when the caller went away. */
  signal?: Cancellation | undefined;
  /** Default: normal. */
  priority?: Priority | undefined;
  /** The work of the longest row, in tokens: rows of very different lengths share no batch. */
  tokens?: number | undefined;
}

/** A part of a request that goes into one batch. */
export interface Job {
  readonly request: PendingRequest;
  /** Its place among the parts of the request. */
  readonly part: number;
  readonly feeds: Tensors;
  readonly rows: number;
  /** Jobs of one key may share a batch; null: this one shares none. */
  key: string | null;
  /** Neighbours in a lane of the queue. */
  previous: Job | null;
  next: Job | null;
  queued: boolean;
}

/** What a request is made of: its feeds, whole or cut into parts. */
export interface RequestPart {
  feeds: Tensors;
  rows: number;
  key: string | null;
}

/** A caller that waits for the outputs of its rows. */
export class PendingRequest {
  readonly answer: Promise<Tensors>;
  readonly jobs: readonly Job[];
  readonly priority: Priority;
  /** Of the longest row; 0 when it was not said. */
  readonly tokens: number;
  /** Milliseconds of `performance.now()`. */
  readonly arrived: number;
  readonly deadline: number;
  readonly rows: number;
  /**
   * Called once, when the caller was answered or gave up; the code of the error, if it is one. One
   * function for all requests: with a closure for each, young requests were seen to grow old.
   */
  onSettled: (request: PendingRequest, outcome: InferenceError["code"] | "success") => void =
    ignore;
  /** Its place among those whose deadlines are watched. */
  watched: Link<PendingRequest> | null = null;
  private readonly timeout: number;
  private readonly signal: Cancellation | undefined;
  private readonly outputs: Tensors[] = [];
  private missing: number;
  private settled = false;
  private resolve: (outputs: Tensors) => void = () => undefined;
  private reject: (error: InferenceError) => void = () => undefined;

  constructor(parts: readonly RequestPart[], options: JobOptions, now: number) {
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.jobs = parts.map(({ feeds, rows, key }, part) => ({
      request: this,
      part,
      feeds,
      rows,
      key,
      previous: null,
      next: null,
      queued: false,
    }));
    this.missing = parts.length;
    this.rows = parts.reduce((sum, { rows }) => sum + rows, 0);
    this.priority = options.priority ?? "normal";
    this.tokens = Math.max(options.tokens ?? 0, 0);
    this.arrived = now;
    this.timeout = options.timeout;
    this.deadline = now + options.timeout;
    this.signal = options.signal;
    this.signal?.addEventListener("abort", this.cancel, { once: true });
  }

  get isSettled(): boolean {
    return this.settled;
  }

  /** Takes the outputs of one part; the last one answers the caller. */
  complete(job: Job, outputs: Tensors): void {
    if (this.settled) return;
    this.outputs[job.part] = outputs;
    this.missing -= 1;
    if (this.missing > 0) return;
    const answer = joinParts(this.outputs, this.jobs);
    if (answer === null) {
      this.fail(new InferenceError("inference.failed", "The parts of the answer do not fit."));
      return;
    }
    this.settle("success");
    this.resolve(answer);
  }

  /** Answers the caller with an error; what of the request still waits is not computed. */
  fail(error: InferenceError): void {
    if (this.settled) return;
    this.settle(error.code);
    this.reject(error);
  }

  /** Ends the request if nobody waits for it any more, and tells whether it did. */
  endIfLate(now: number): boolean {
    if (this.deadline > now) return false;
    this.fail(late("The model gave no answer", this.timeout));
    return true;
  }

  readonly cancel = (): void => {
    this.fail(cancelled());
  };

  private settle(outcome: InferenceError["code"] | "success"): void {
    this.settled = true;
    this.signal?.removeEventListener("abort", this.cancel);
    this.onSettled(this, outcome);
  }
}

function ignore(): void {}

/**
 * Null when a part has not the rows it was given, or parts differ in the shape of a row: sizes can
 * follow from what was computed.
 */
function joinParts(parts: readonly Tensors[], jobs: readonly Job[]): Tensors | null {
  const [first] = parts;
  if (parts.length === 1 || first === undefined) return first ?? {};
  for (const [name, { dims }] of Object.entries(first)) {
    const row = dims.slice(1).join();
    for (const [index, part] of parts.entries()) {
      const [rows, ...rest] = part[name]?.dims ?? [];
      if (rows !== jobs[index]?.rows || rest.join() !== row) return null;
    }
  }
  return joinRows(parts);
}
