import type { Spacing } from "../../arrivals/intended-starts.ts";
import type { Stage } from "../../arrivals/rate-profile.ts";
import type { EventLoopDelay } from "../../measure/event-loop-delay.ts";
import type { PackedRecording } from "../../measure/packed-recording.ts";
import type { Counts } from "../../measure/recording.ts";
import type { PreparedFlow } from "../flows/prepared-flow.ts";

/** What one generator thread has to do. */
export interface GeneratorTask {
  /** From the beginning of the warm-up on. */
  stages: Stage[];
  spacing: Spacing;
  worker: number;
  workers: number;
  /** Milliseconds at the beginning that are not measured. */
  warmUp: number;
  slotMs: number;
  /** Flows on their way, of this thread. */
  maxInFlight: number;
  flows: PreparedFlow[];
  /** Each of the whole run's arrivals begins the next of these, by its index, over and over. */
  sequence: number[];
  connection: ConnectionOptions;
}

export interface ConnectionOptions {
  /** Without a user and password. */
  origin: string;
  socketPath: string | null;
  insecure: boolean;
  /** Milliseconds that a request may take, the opening of a connection included. */
  timeout: number;
  /** Bytes; a longer body is broken off. */
  longestBody: number;
}

/** The start, in nanoseconds of `process.hrtime`: the one clock that all threads share. */
export type ToGenerator = { kind: "start"; at: bigint } | { kind: "stop" };

export type FromGenerator =
  | { kind: "ready" }
  | ({ kind: "progress" } & GeneratorProgress)
  | ({ kind: "done" } & GeneratorOutcome);

export interface GeneratorProgress {
  counts: Counts;
  /** The histogram of the response times so far. */
  response: string;
  answers: number;
  failures: number;
}

export interface GeneratorOutcome {
  recording: PackedRecording;
  eventLoopDelay: EventLoopDelay;
}
