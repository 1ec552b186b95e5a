import type { DaySummary } from "../server/daemon-spec.ts";
import type { StepRun } from "../operation/step.ts";
import type { DatabaseAddress } from "../database/address.ts";
import type { MigrationFolder } from "../migrate/source.ts";
import type { Outline, ReleaseKeeper } from "./release-keeper.ts";
import type { ReleaseRecord } from "./release.ts";

/** What the public is told while it is asked to come back later. */
export interface Notice {
  /** In the operator's words; null: that it should try again in a moment. */
  message: string | null;
}

/** What a target says of one release's process or service. */
export interface ReleaseState {
  release: string;
  running: boolean;
  /** True where only some of what it consists of runs. */
  partly?: boolean;
  /** True when it takes public traffic. */
  accepting: boolean;
  /** Null unless it tells the public to come back later. */
  maintenance: Notice | null;
  /** False when its process would have to be started anew to take public traffic again. */
  canAccept: boolean;
  ready: boolean;
  /** True where `ready` is the verdict of an engine that looks by itself: asked again it is the same. */
  judged?: boolean;
  startedAt: string | null;
  restarts: number;
  /** Requests answered since it started, and how many of them with a 5xx; null: not counted. */
  requests: { total: number; errors: number } | null;
  /** Of the last 24 hours; null where nobody counts. */
  day: DaySummary | null;
}

/** Whether all that a release consists of runs. */
export const isWhole = ({ running, partly }: ReleaseState): boolean => running && partly !== true;

/** How a state is looked at. */
export interface Look {
  /** By who waits for it to change: what was seen a moment ago does not count. */
  anew: boolean;
}

/** Whom changes are told. */
export interface ChangeFollower {
  signal: AbortSignal;
  onChange: () => void;
}

/** Where a release can be asked before it serves the public. */
export type PrivateEndpoint = ({ socketPath: string } | { url: string }) & {
  /** That go with each request. */
  headers?: Record<string, string>;
};

export interface Refusal {
  code: string;
  message: string;
  hint: string;
  exitCode: 2 | 8;
}

/** A service of an environment that consists of several, for people. */
export interface ServiceState {
  name: string;
  role: string;
  /** `running`, `exited (1)`, `absent`. */
  state: string;
  /** `healthy`, `unhealthy`, `starting`, or null where it has no health check. */
  health: string | null;
  image: string;
  startedAt: string | null;
  restarts: number;
}

/** A certificate by which the public is met, or is to be. */
export interface CertificateState {
  /** A file, or `127.0.0.1:443 for studio.example.com`. */
  place: string;
  /** Whether it was shown to a request; else it lies in a file. */
  met: boolean;
  /** That it is for. */
  names: string[];
  /** The end of its time, or of what signed it; null where it was not seen. */
  until: string | null;
  selfSigned: boolean;
  expired: boolean;
  /** Whether clients refuse it, or will in a few days. */
  urgent: boolean;
  /** Null where all is well. */
  problem: string | null;
}

/** A volume that an environment has for itself, for people. */
export interface OwnVolume {
  name: string;
  /** Names of those that mount it. */
  services: string[];
  /** As the engine says it, such as "12.3MB"; null where it does not. */
  size: string | null;
}

/** What would be removed with an environment's volumes. */
export interface VolumesFound {
  own: OwnVolume[];
  /** What stays all the same, in sentences. */
  remarks: string[];
}

export interface VolumesGone {
  removed: string[];
  left: { name: string; reason: string }[];
}

/** What is open to a release now, and how long a switch away from it would wait for that. */
export interface OpenStreams {
  /** Milliseconds; the longest drain time of its services counts for all. */
  patience: number;
  services: { name: string /** Connections of the proxy to it. */; open: number }[];
}

export interface LogRequest {
  /** The release whose lines are wanted: asked again while they are followed. */
  release: () => ReleaseRecord;
  /** None: the release itself. Of several, each line says whose it is. */
  services: readonly string[];
  /** How many of the last lines, of each. */
  lines: number;
  /** Go on with those to come until the signal. */
  follow: boolean;
  signal: AbortSignal;
  write: (line: string) => void;
}

export interface CommandRequest {
  command: readonly string[];
  /** Null: where the release itself runs. */
  service: string | null;
  /** True where someone types. */
  terminal: boolean;
}

/** One point of an environment's security checklist. */
export interface AuditPoint {
  title: string;
  /** `note`: worth knowing, no danger by itself. */
  state: "ok" | "wrong" | "note";
  /** Never with a secret's value. */
  found: string;
  /** Null where nothing is to be done. */
  fix: string | null;
}

/**
 * How a release takes the place of the one before. `beside`: it runs while that one serves, until the
 * traffic is switched. `instead`: that one ends first, which is a gap. `rolling`: its parts take the
 * place of the other's one by one, and the public meets each as soon as it is healthy.
 */
export type Succession = "beside" | "instead" | "rolling";

/** What can be asked of a kind of environment, without a change to anything. */
export interface TargetView {
  kind: "local" | "compose" | "swarm";
  /** What a release made now would be, for a plan: read as little as that takes. */
  outline(previous: ReleaseRecord | null): Promise<Outline>;
  /** What a release consists of, for people. */
  describe(release: ReleaseRecord): Pick<Outline, "code" | "models">;
  /** Where the migrations lie that a release brought. */
  migrationFolders(release: ReleaseRecord): MigrationFolder[];
  succession(release: ReleaseRecord): Succession;
  /** How traffic moves from one release to the next, for the plan. */
  describeSwitch(release: ReleaseRecord, previous: ReleaseRecord | null): string;
  /** Null where a switch cuts nothing, or nobody can count what it would cut. */
  openStreams(release: ReleaseRecord): Promise<OpenStreams | null>;
  state(release: ReleaseRecord, look?: Look): Promise<ReleaseState>;
  /**
   * Tells when a state that is `judged` may have changed, until the signal or until it no longer can;
   * absent where nobody tells.
   */
  changes?(release: ReleaseRecord, follow: ChangeFollower): Promise<void>;
  /** Asks through the public address which release answers; null when none does. */
  whoAnswers(release: ReleaseRecord): Promise<string | null>;
  /** The last lines a release wrote. */
  lastLines(release: ReleaseRecord, count: number): Promise<string[]>;
  publicUrl(release: ReleaseRecord): string;
  /** Names of services that a release needs and that are not switched with it. */
  backingServices(release: ReleaseRecord): string[];
  logs(request: LogRequest): Promise<void>;
  /**
   * Runs a command where the release runs, its streams handed through, and tells its exit code.
   * @param release the one that serves; null before the first
   */
  execute(release: ReleaseRecord | null, request: CommandRequest): Promise<number>;
  /** How this process reaches the database; null while the service that holds it does not run. */
  reachDatabase(written: DatabaseAddress): Promise<DatabaseAddress | null>;
  /** Every service of the environment; none where a release is all there is. */
  services(release: ReleaseRecord): Promise<ServiceState[]>;
  /** Those of what the public meets first; none where that is not met by TLS. */
  certificates(release: ReleaseRecord): Promise<CertificateState[]>;
  /** What someone who attacks it would like, as it is configured now; none where nothing is known. */
  audit(): Promise<AuditPoint[]>;
  /**
   * The volumes that are the environment's own; absent where there is no such thing.
   * @throws StudioError (exit 2) where others use one of them
   */
  volumes?(release: ReleaseRecord): Promise<VolumesFound>;
}

export interface DrainOrder {
  /** The release that has the traffic now. */
  release: ReleaseRecord;
  from: ReleaseRecord;
  /** Nobody waits any longer. */
  signal?: AbortSignal | undefined;
}

/**
 * What a kind of environment can do. The deploy operation is written once above it; each method
 * brings about an end state, so that it can be called again after a crash.
 */
export interface Target extends TargetView {
  /** What releases are made of. */
  releases: ReleaseKeeper;
  /** Brings them up as the release has them; one whose definition changed stops first. */
  startBackingServices(run: StepRun, release: ReleaseRecord): Promise<void>;
  /** Reasons not to begin: a port taken, an engine missing. */
  refusals(release: ReleaseRecord): Promise<Refusal[]>;
  /** Starts a release as its succession tells; one that is rolling is all there at the end. */
  start(run: StepRun, release: ReleaseRecord): Promise<void>;
  privateEndpoint(release: ReleaseRecord): Promise<PrivateEndpoint>;
  /**
   * Moves public traffic to `release` and away from `from`, and proves it. What was begun with
   * `from` goes on.
   */
  switchTo(run: StepRun, release: ReleaseRecord, from: ReleaseRecord | null): Promise<void>;
  /**
   * Waits until what was begun with the former release has ended, for its drain time at most. Absent
   * where a release waits for that by itself when it is ended.
   * @returns how many connections to it were open then, and will be cut
   */
  drain?(run: StepRun, order: DrainOrder): Promise<number>;
  /** What whoever stands before the release was told of it, by the names of files. */
  frontFiles?(release: ReleaseRecord): Record<string, string>;
  /** Takes public traffic away from a release. */
  unswitch(run: StepRun, release: ReleaseRecord): Promise<void>;
  /**
   * Lets the release that serves tell the public to come back later, once it has answered what it
   * began; or serve again (null).
   */
  maintain(run: StepRun, release: ReleaseRecord, notice: Notice | null): Promise<void>;
  /** Lets a release finish what it has begun, then ends it; it may be there again in a moment. */
  stop(run: StepRun, release: ReleaseRecord): Promise<void>;
  /** The same where another has taken its place: what it told the public is over. */
  retire(run: StepRun, release: ReleaseRecord): Promise<void>;
  /** The same, with every service of the environment. What they have stored stays. */
  takeDown(run: StepRun, release: ReleaseRecord): Promise<void>;
  /** Removes what was stored, for good, of an environment that is down. */
  removeVolumes?(run: StepRun, names: readonly string[]): Promise<VolumesGone>;
}
