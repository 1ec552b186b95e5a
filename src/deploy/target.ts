import type { StepRun } from "../operation/step.ts";
import type { ReleaseRecord } from "./release.ts";

/** What a target says of one release's process or service. */
export interface ReleaseState {
  release: string;
  running: boolean;
  /** True when it takes public traffic. */
  accepting: boolean;
  /** True while it tells the public to come back later. */
  maintenance: boolean;
  /** False when its process would have to be started anew to take public traffic again. */
  canAccept: boolean;
  ready: boolean;
  startedAt: string | null;
  restarts: number;
  /** Requests answered since it started, and how many of them with a 5xx. */
  requests: { total: number; errors: number };
}

/** Where a release can be asked before it serves the public. */
export type PrivateEndpoint = { socketPath: string } | { url: string };

export interface Refusal {
  code: string;
  message: string;
  hint: string;
  exitCode: 2 | 8;
}

/** What can be asked of a kind of environment, without a change to anything. */
export interface TargetView {
  kind: "local" | "compose" | "swarm";
  /** How traffic moves from one release to the next, for the plan. */
  describeSwitch(release: ReleaseRecord, previous: ReleaseRecord | null): string;
  state(release: ReleaseRecord): Promise<ReleaseState>;
  /** Asks through the public address which release answers; null when none does. */
  whoAnswers(release: ReleaseRecord): Promise<string | null>;
  /** The last lines a release wrote. */
  lastLines(release: ReleaseRecord, count: number): Promise<string[]>;
  publicUrl(release: ReleaseRecord): string;
}

/**
 * What a kind of environment can do. The deploy operation is written once above it; each method
 * brings about an end state, so that it can be called again after a crash.
 */
export interface Target extends TargetView {
  /** Reasons not to begin: a port taken, an engine missing. */
  refusals(release: ReleaseRecord): Promise<Refusal[]>;
  /** Starts a release beside the one that serves, without public traffic. */
  start(run: StepRun, release: ReleaseRecord): Promise<void>;
  privateEndpoint(release: ReleaseRecord): PrivateEndpoint;
  /** Moves public traffic to `release` and away from `from`, and proves it. */
  switchTo(run: StepRun, release: ReleaseRecord, from: ReleaseRecord | null): Promise<void>;
  /** Takes public traffic away from a release. */
  unswitch(run: StepRun, release: ReleaseRecord): Promise<void>;
  /**
   * Lets the release that serves tell the public to come back later, once it has answered what it
   * began; or serve again.
   */
  maintain(run: StepRun, release: ReleaseRecord, on: boolean): Promise<void>;
  /** Lets a release finish what it has begun, then ends it. */
  stop(run: StepRun, release: ReleaseRecord): Promise<void>;
}
