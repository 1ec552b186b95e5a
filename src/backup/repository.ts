import { tmpdir } from "node:os";
import { join } from "node:path";
import { StudioError, exitCodes, usageError } from "../errors.ts";
import { isIdentifier } from "../identifier.ts";
import { formatVersion } from "./commit.ts";
import { isRecord } from "./json-record.ts";
import { localStore } from "./local-store.ts";
import { repositoryReadme } from "./readme-text.ts";
import type { Store } from "./store.ts";

/** The folder of a repository, or a store that is open already. */
export type RepositoryLocation = string | Store;

/** Tells the time; heartbeats and reports need more than one instant. */
export type Clock = () => Date;

export const snapshotsFolder = "snapshots";
export const trashFolder = "trash";
export const locksFolder = "locks";

export function openStore(repository: RepositoryLocation): Store {
  return typeof repository === "string" ? localStore(repository) : repository;
}

/** The key of an object of a snapshot; without a name, the folder of the snapshot. */
export function snapshotKey(id: string, name?: string): string {
  if (!isIdentifier(id)) {
    throw usageError(
      `"${id}" is not the id of a snapshot.`,
      "An id looks like 20261120T210500Z-k3xq; studio backup list shows them.",
    );
  }
  return name === undefined ? `${snapshotsFolder}/${id}` : `${snapshotsFolder}/${id}/${name}`;
}

export function trashKey(id: string): string {
  return `${trashFolder}/${id}.json`;
}

/** Refuses a repository whose format is newer; one without a configuration is new or empty. */
export async function checkFormat(store: Store): Promise<"present" | "absent"> {
  const bytes = await store.get("config.json");
  if (bytes === null) return "absent";
  const format = formatOf(bytes.toString("utf8"));
  if (format === null) {
    throw new StudioError({
      code: "backup.configuration",
      message: `The config.json of the repository ${store.location} is damaged.`,
      hint: `Replace it by {"format":${formatVersion}} if studio wrote this repository.`,
      exitCode: exitCodes.unavailable,
    });
  }
  if (format > formatVersion) {
    throw new StudioError({
      code: "backup.newerFormat",
      message: `The repository ${store.location} has format ${format}; this studio knows format ${formatVersion}.`,
      hint: "Install the newer studio that wrote it.",
      exitCode: exitCodes.usage,
    });
  }
  return "present";
}

function formatOf(text: string): number | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && typeof value["format"] === "number" ? value["format"] : null;
  } catch {
    return null;
  }
}

/** Makes an empty folder a repository, and checks the format of an existing one. */
export async function prepareRepository(store: Store): Promise<void> {
  if ((await checkFormat(store)) === "present") return;
  await store.put("README.txt", Buffer.from(repositoryReadme));
  await store.put("config.json", Buffer.from(`${JSON.stringify({ format: formatVersion })}\n`));
}

/**
 * A folder for copies that are needed for a while, as large as what is backed up: on the disk of
 * the repository where that is a local folder.
 */
export function scratchDirectory(store: Store, name: string): string {
  return join(store.localDirectory ?? join(tmpdir(), "studio-backup"), "scratch", name);
}
