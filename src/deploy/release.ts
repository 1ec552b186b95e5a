import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../config/schema.ts";
import { StudioError, exitCodes } from "../errors.ts";
import type { StatePaths } from "../state.ts";

export interface Address {
  host: string;
  port: number;
}

export interface ReleaseMigration {
  name: string;
  checksum: string;
}

/** All that is needed to run a release again exactly, without any secret. */
export interface ReleaseRecord {
  schema: "studio.release/v1";
  id: string;
  environment: string;
  target: string;
  createdAt: string;
  /** Versions of studio and Node.js that it was made with. */
  studio: string;
  node: string;
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
  /** Secrets are references in here. */
  settings: Settings;
  /** Salted hash over the names and values of the environment's variables. */
  environmentHash: string;
  address: Address;
  models: { name: string; version: string; sha256: string; source: "project" | "bundled" }[];
  /** The migrations it brings; the last one is the schema head it was built for. */
  migrations: ReleaseMigration[];
  schemaHead: string | null;
  previous: string | null;
}

export const releaseFolder = (paths: StatePaths, id: string): string => join(paths.releases, id);

export const releaseFile = (paths: StatePaths, id: string): string =>
  join(releaseFolder(paths, id), "release.json");

export const codeFolder = (paths: StatePaths, digest: string): string =>
  join(paths.releases, "code", digest);

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
