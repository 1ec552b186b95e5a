import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StatePaths } from "../../../state.ts";
import { liveMigrationFolders } from "../../project-folders.ts";
import {
  type ReleaseRecord,
  type StackImage,
  readReleaseRecord,
  releaseFile,
  releaseFolder,
} from "../../release.ts";
import type { TargetInput } from "../target-input.ts";
import { migrationPlaces } from "./compose-release.ts";
import { isDefinition } from "./definition.ts";
import type { Docker } from "./docker.ts";
import { ownImages } from "./own-images.ts";

export const hashOf = (text: string | Buffer): string =>
  createHash("sha256").update(text).digest("hex");

/** A resume must not finish with another stack than was planned. */
export function refuseChanged(definition: unknown, planned: string): void {
  if (isDefinition(definition, planned)) return;
  throw new StudioError({
    code: "release.changed",
    message: "The Compose files, or variables they use, changed since this deploy was planned.",
    hint: "`studio abort`, then `studio deploy` with what is here now.",
    exitCode: exitCodes.undone,
  });
}

/** Begins the folder of a release anew: with its record as planned, and its migrations. */
export function beginFolder(partial: string, input: TargetInput, release: ReleaseRecord): void {
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  writeRecord(partial, release);
  keepMigrations(input, partial);
}

function keepMigrations(input: TargetInput, folder: string): void {
  for (const { folder: from, origin } of liveMigrationFolders(input)) {
    if (existsSync(from)) cpSync(from, join(folder, migrationPlaces[origin]), { recursive: true });
  }
}

export function writeRecord(folder: string, release: ReleaseRecord): void {
  const text = `${JSON.stringify(release, null, 2)}\n`;
  writeFileSync(join(folder, "release.json"), text, { mode: 0o600, flush: true });
}

/** The record of a release that is kept, or was begun to be; null where there is neither. */
export function keptRecord(paths: StatePaths, id: string): ReleaseRecord | null {
  for (const name of [id, `${id}.building`]) {
    if (existsSync(releaseFile(paths, name))) return readReleaseRecord(paths, name);
  }
  return null;
}

/** Which file of a release is no longer what was written; null where each is. */
export function damagedFile(
  paths: StatePaths,
  id: string,
  rendered: Readonly<Record<string, string>>,
): string | null {
  for (const [name, hash] of Object.entries(rendered)) {
    const file = join(releaseFolder(paths, id), name);
    if (!existsSync(file) || hashOf(readFileSync(file)) !== hash) return `${file} has changed`;
  }
  return null;
}

export async function damagedImage(
  docker: Docker,
  images: Readonly<Record<string, StackImage>>,
): Promise<string | null> {
  const { inspect } = await import("./pin-images.ts");
  for (const [service, { pinned, id }] of Object.entries(images)) {
    const found = await inspect(docker, pinned);
    if (found === null) return `the image of ${service}, ${pinned}, is no longer here`;
    if (found.id !== id) return `the tag ${pinned} names another image`;
  }
  return null;
}

/** Takes away the tags of studio's own that no other release needs. */
export async function removeTags(
  docker: Docker,
  project: string,
  others: readonly ReleaseRecord[],
): Promise<void> {
  const used = new Set(others.flatMap(tagsOf));
  const reference = `reference=${ownImages(project)}`;
  const format = "{{.Repository}}:{{.Tag}}";
  const argv = ["image", "ls", "--filter", reference, "--format", format];
  const { stdout } = await docker.attempt(argv);
  const tags = stdout.split("\n").filter((tag) => tag !== "" && !used.has(tag));
  // A tag that a container still uses is refused, and goes with a later release.
  if (tags.length > 0) await docker.attempt(["image", "rm", ...tags]);
}

function tagsOf(release: ReleaseRecord): string[] {
  if (release.target === "local") return [];
  const { images } = release.target === "compose" ? release.compose : release.swarm;
  return Object.values(images).map(({ pinned }) => pinned);
}
