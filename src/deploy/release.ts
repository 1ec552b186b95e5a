import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../config/schema.ts";
import { StudioError, exitCodes } from "../errors.ts";
import type { StatePaths } from "../state.ts";
import type { ProbeFigures } from "./public-probe.ts";

export interface Address {
  host: string;
  port: number;
}

export interface ReleaseMigration {
  name: string;
  checksum: string;
}

interface CommonRecord {
  schema: "studio.release/v1";
  id: string;
  environment: string;
  createdAt: string;
  /** Versions of studio and Node.js that it was made with. */
  studio: string;
  node: string;
  /** Secrets are references in here. */
  settings: Settings;
  /** Salted hash over the names and values of the environment's variables. */
  environmentHash: string;
  /** Empty where the target's images hold them. */
  models: { name: string; version: string; sha256: string; source: "project" | "bundled" }[];
  /** The migrations it brings; the last one is the schema head it was built for. */
  migrations: ReleaseMigration[];
  schemaHead: string | null;
  previous: string | null;
  /**
   * How many connections to the release before were open after its drain time, and were cut, when
   * this one took its traffic the last time; null or absent where nobody counted.
   */
  cutStreams?: number | null;
  /** What the deploy that brought it has seen; absent in records of an older studio. */
  evidence?: ReleaseEvidence;
}

export interface ReleaseEvidence {
  /** Taken with it, and read back; null: none was. */
  snapshot: string | null;
  /** Figures and verdicts of its load test; null where it was skipped. */
  gate: object | null;
  /** What whoever stands before it was told, by the names of files. */
  front: Record<string, string>;
  /** Requests of the deploy's own while the traffic moved; null where nobody asked. */
  probe: ProbeFigures | null;
}

/** A release that is processes of this machine. */
export interface LocalRelease extends CommonRecord {
  target: "local";
  code: {
    /** SHA-256 over all files; names the folder in `.studio/releases/code/`. */
    digest: string;
    /** See content/fingerprint.ts; absent in records of an older studio. */
    fingerprint?: string;
    bytes: number;
    /** Paths within that folder. */
    entry: string;
    migrations: string;
  };
  address: Address;
}

/** A release that is containers of a Compose project. */
export interface ComposeRelease extends CommonRecord {
  target: "compose";
  compose: ComposeStack;
}

/** What a release runs of the operator's Compose files. */
export interface ComposeStack {
  project: string;
  /** Salted hash over the files as Compose resolved them. */
  definition: string;
  services: StackService[];
  proxy: StackProxy | null;
  /** Null, or absent, where it runs beside the one before until the traffic is switched. */
  gap?: StackGap | null;
  /** What was pulled or built for each service; empty before the release is kept. */
  images: Record<string, StackImage>;
  /** SHA-256 of the files rendered for it, by their names; empty before the release is kept. */
  rendered: Record<string, string>;
}

/** A release that is services of a Docker Swarm. */
export interface SwarmRelease extends CommonRecord {
  target: "swarm";
  swarm: SwarmStack;
}

/** What a release runs of the operator's Compose files as a stack of Swarm's. */
export interface SwarmStack {
  /** The stack's name. */
  name: string;
  /** Salted hash over the files as Compose resolved them, with what they read from others. */
  definition: string;
  services: StackService[];
  /** Where the public meets it; null where it does not. */
  front: SwarmFront | null;
  /** How long Swarm looks on after each task, in milliseconds. */
  monitor: number;
  /** What was pulled or built for each service; empty before the release is kept. */
  images: Record<string, StackImage>;
  /** SHA-256 of the files kept for it, by their names; empty before the release is kept. */
  rendered: Record<string, string>;
  /** Names of the secrets and configs that studio made for it; empty before the release is kept. */
  objects: string[];
}

/** The service that publishes the port which the public meets first. */
export interface SwarmFront {
  service: string;
  port: number;
  secure: boolean;
  /** Where that one is met by TLS as well; null where it is not. */
  securePort: number | null;
  /** `host`: on the nodes of its tasks alone; `ingress`: on every node. */
  mode: "host" | "ingress";
  /** As it is reached from this node, for people. */
  url: string;
}

export interface StackService {
  name: string;
  /**
   * `switched`: replaced colour by colour; `stateful`: has a volume, and is touched only where its
   * definition changed; `plain`: replaced in place; `proxy`: in front of the switched ones.
   */
  role: "switched" | "stateful" | "plain" | "proxy";
  /** Where a switched service listens inside its container. */
  port: number | null;
  /** Milliseconds it is given to finish what it began. */
  drain: number;
  replicas: number;
}

export interface StackProxy {
  kind: "nginx" | "caddy" | "haproxy";
  service: string;
  /** Where the folder that studio writes into is mounted; absent in records of an older studio. */
  directory?: string;
  /** Where it can be reached from this machine, and what a browser would be told. */
  url: string;
  /** The same over TLS; absent where it is not met so, and in records of an older studio. */
  secureUrl?: string;
}

/** A stack of which two releases cannot be there at once: the one before ends first. */
export interface StackGap {
  /** One for each thing that there is only one of, for people. */
  reasons: string[];
  /** Where the public meets it; empty where it does not. */
  url: string;
  /** How long the one before is given to end, as Compose writes it. */
  grace: string;
  /** Fixed names of containers. */
  names: string[];
}

export interface StackImage {
  /** As the operator wrote it; null for one that is built. */
  reference: string | null;
  /** The tag that it runs by: studio's own, named for the image's id, so that no prune takes it. */
  pinned: string;
  id: string;
  /** `name@sha256:…` in its registry; null where none knows it. */
  digest: string | null;
}

/** All that is needed to run a release again exactly, without any secret. */
export type ReleaseRecord = LocalRelease | ComposeRelease | SwarmRelease;

/** What of a record only its target can tell. */
export type ReleaseParts =
  | Pick<LocalRelease, "target" | "code" | "address" | "models">
  | Pick<ComposeRelease, "target" | "compose" | "models">
  | Pick<SwarmRelease, "target" | "swarm" | "models">;

export const releaseFolder = (paths: StatePaths, id: string): string => join(paths.releases, id);

export const releaseFile = (paths: StatePaths, id: string): string =>
  join(releaseFolder(paths, id), "release.json");

export const codeFolder = (paths: StatePaths, digest: string): string =>
  join(paths.releases, "code", digest);

/** What Node.js compiled of that code: it goes when the code goes. */
export const compiledFolder = (paths: StatePaths, digest: string): string =>
  join(paths.root, "cache", "code", digest);

/** The record as it was kept with the release's files. */
export function readReleaseRecord(paths: StatePaths, id: string): ReleaseRecord {
  try {
    return JSON.parse(readFileSync(releaseFile(paths, id), "utf8")) as ReleaseRecord;
  } catch (error) {
    throw new StudioError({
      code: "release.missing",
      message: `The files of release ${id} are not in ${releaseFolder(paths, id)}.`,
      hint: "`studio deploy` makes a new release from the code that is here now.",
      exitCode: exitCodes.unavailable,
      cause: error,
    });
  }
}

/** The environment's target was changed while a release of the former one is the current one. */
export function foreignRelease(release: ReleaseRecord, target: string): StudioError {
  const { id, environment } = release;
  return new StudioError({
    code: "target.changed",
    message: `Release ${id} of "${environment}" runs on the target "${release.target}", and studio.yaml now says "${target}".`,
    hint: `Set \`target: ${release.target}\` again, or give the new target an environment of its own.`,
    exitCode: exitCodes.usage,
  });
}

/** Tells two environments apart without telling anything of what is in them. */
export function hashEnvironment(
  release: string,
  variables: Record<string, string | undefined>,
): string {
  const hash = createHash("sha256").update(release);
  for (const [name, value] of Object.entries(variables).toSorted(byName)) {
    if (value !== undefined) hash.update(`\0${name}=${value}`);
  }
  return hash.digest("hex");
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** What the ledger's row carries of a release. */
export function describeAddress({ host, port }: Address): string {
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  return `http://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;
}
