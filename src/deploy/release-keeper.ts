import type { Reach } from "../operation/faults.ts";
import type { StepRun } from "../operation/step.ts";
import type { ReleaseParts, ReleaseRecord } from "./release.ts";

/** What a release made now would be, as far as a plan tells it. */
export interface Outline {
  parts: ReleaseParts;
  /** One line each, for people. */
  code: string;
  models: string[];
  /** What the operator should know before it begins: a gap, a service that stops first. */
  remarks: string[];
}

/** What lies in the project now, read whole: a release can be kept from it. */
export interface Draft {
  parts: ReleaseParts;
  remarks: string[];
  /** What keeping it may write. */
  bytes: number;
}

/** Keeps what releases are made of, so that each can be run again exactly. */
export interface ReleaseKeeper {
  /** Looks at the project. Changes nothing. */
  read(): Promise<Draft>;
  /**
   * Keeps what a release is made of; `draft` is asked for what was read from the project.
   * @throws StudioError (exit 5) where the project changed since the release was planned
   */
  keep(run: StepRun, release: ReleaseRecord, draft: () => Promise<Draft>): Promise<void>;
  isKept(release: ReleaseRecord): boolean;
  /** What is wrong with what was kept, for people; null when it is as it was. */
  findDamage(release: ReleaseRecord): Promise<string | null>;
  /** Throws a release's things away, but for what one of `others` needs as well. */
  discard(id: string, others: readonly ReleaseRecord[], reach: Reach): Promise<void>;
}
