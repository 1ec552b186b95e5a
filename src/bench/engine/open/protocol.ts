import type { Spacing } from "../../arrivals/intended-starts.ts";
import type { Stage } from "../../arrivals/rate-profile.ts";
import type { EventLoopDelay } from "../../measure/event-loop-delay.ts";
import type { PackedRecording } from "../../measure/packed-recording.ts";
import type { Counts } from "../../measure/recording.ts";
import type { PreparedRequest } from "../prepared-request.ts";

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
  /** Of this thread. */
  maxInFlight: number;
  /** Each of the whole run's requests is the next of these, over and over. */
  sequence: PreparedRequest[];
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
