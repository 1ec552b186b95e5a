import type { Ledger } from "../ledger/ledger.ts";
import type { ReleaseRecord } from "./release.ts";
import type { IssuedKey } from "./issued-key.ts";
import type { Draft } from "./release-keeper.ts";
import type { PublicProbe } from "./public-probe.ts";
import type { PlannedKey } from "./steps/key.ts";
import type { Notice } from "./target.ts";
import type { Workplace } from "./workplace.ts";

export interface Previous {
  record: ReleaseRecord;
  running: boolean;
  status: "current" | "stopped";
  /** What the operator let it tell the public, for the undo; absent: nothing, it served. */
  notice?: Notice;
}

/** What a deploy or rollback was planned with; journaled, so that a resume builds the same steps. */
export interface DeployInput {
  release: ReleaseRecord;
  /** The release that was current, with whether it served; null on a first deploy. */
  previous: Previous | null;
  schema: {
    head: string | null;
    pending: string[];
    /** The service that holds the database did not run yet: what it holds was not known. */
    unread?: true;
    /** Head to go down to before the release starts: a rollback with --with-down. */
    downTo?: string | null;
  };
  /**
   * The release before cannot run on the schema that the new one brings: the public is told to come
   * back later meanwhile.
   */
  maintenance?: boolean;
  /** The API's first key, where callers need one and none is configured: made if there is none. */
  firstKey?: PlannedKey;
  /** Id of the snapshot this operation takes. */
  snapshot: string;
  /** Nothing to back up existed before: the backup is taken after migrating. */
  first: boolean;
  /** No release runs, and yet services of the stack do: somebody else started them. */
  servicesRan?: true;
  /** False for a rollback: the release's files are there and are not made again. */
  fresh: boolean;
  skip: { backup: boolean; gate: boolean };
}

/** A deploy in one process: its input, and what this process adds to it. */
export interface DeployWork {
  place: Workplace;
  input: DeployInput;
  release: ReleaseRecord;
  previous: ReleaseRecord | null;
  ledger: Ledger;
  /** What lies in the project now for a fresh release, read when first asked for. */
  draft(): Promise<Draft>;
  /** What the public meets while the traffic moves. */
  probe: PublicProbe;
  /** The keys whose text this process made and has to show. */
  issued: IssuedKey[];
}

/** What the release before tells the public until the traffic is another's; null: it serves. */
export const noticeMeanwhile = ({ previous, maintenance }: DeployInput): Notice | null =>
  previous?.notice ?? (maintenance === true ? { message: null } : null);
