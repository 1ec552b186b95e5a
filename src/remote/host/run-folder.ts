import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isIdentifier } from "../../identifier.ts";
import { type ProcessIdentity, isAlive } from "../../shell/process-identity.ts";
import { replaceFile } from "../../replace-file.ts";

/** What a run leaves on the host, so that it can be listened to from another connection. */
export interface RunFolder {
  folder: string;
  /** One line of JSON for each event, masked. */
  events: string;
  /** What else it wrote: empty unless it crashed. */
  log: string;
  process: string;
}

export function runFolder(runs: string, run: string): RunFolder {
  const folder = join(runs, run);
  return {
    folder,
    events: join(folder, "events"),
    log: join(folder, "log"),
    process: join(folder, "process.json"),
  };
}

const kept = 20;

/** Makes the folder of a new run; those of old runs that ended go. */
export function makeRunFolder(runs: string, run: string): RunFolder {
  const made = runFolder(runs, run);
  mkdirSync(made.folder, { recursive: true, mode: 0o700 });
  const names = readdirSync(runs).filter(isIdentifier).toSorted();
  for (const name of names.slice(0, -kept)) {
    const process = readProcess(runFolder(runs, name));
    if (process === null || !isAlive(process)) rmSync(join(runs, name), { recursive: true });
  }
  return made;
}

export function writeProcess(folder: RunFolder, identity: ProcessIdentity): void {
  replaceFile(folder.process, JSON.stringify(identity));
}

export function readProcess(folder: RunFolder): ProcessIdentity | null {
  if (!existsSync(folder.process)) return null;
  return JSON.parse(readFileSync(folder.process, "utf8")) as ProcessIdentity;
}

/** The last lines of what a run wrote besides events. */
export function lastLogLines({ log }: RunFolder): string[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  return lines.filter((line) => line !== "").slice(-12);
}
