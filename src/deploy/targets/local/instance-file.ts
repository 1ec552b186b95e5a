import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isIdentifier } from "../../../identifier.ts";
import { replaceFile } from "../../../replace-file.ts";
import { type ProcessIdentity, isAlive } from "../../../shell/process-identity.ts";

/** What the supervisor leaves on the disk about a process it started: `run/<env>/<release>.json`. */
export interface InstanceFile {
  release: string;
  identity: ProcessIdentity;
  command: readonly string[];
  cwd: string;
  /** Started again when it dies: true once it serves. */
  keep: boolean;
  /** Milliseconds it is given to end in good order; absent in files of an earlier studio. */
  grace?: number;
}

export interface SupervisorFile {
  identity: ProcessIdentity;
  address: { host: string; port: number };
  socket: string;
  /** Of the protocol between the command line and the supervisor. */
  protocol: number;
}

export const supervisorProtocol = 1;

const supervisorName = "supervisor.json";

export function writeInstance(folder: string, instance: InstanceFile): void {
  writeWhole(join(folder, `${instance.release}.json`), instance);
}

export function removeInstance(folder: string, release: string): void {
  rmSync(join(folder, `${release}.json`), { force: true });
}

/** All recorded instances, whether their processes still exist or not. */
export function readInstances(folder: string): InstanceFile[] {
  return names(folder)
    .filter((name) => name.endsWith(".json") && isIdentifier(name.slice(0, -5)))
    .map((name) => readWhole<InstanceFile>(join(folder, name)))
    .filter((instance) => instance !== null);
}

export function writeSupervisor(folder: string, supervisor: SupervisorFile): void {
  writeWhole(join(folder, supervisorName), supervisor);
}

/** The supervisor that is alive, or null. */
export function livingSupervisor(folder: string): SupervisorFile | null {
  const supervisor = readWhole<SupervisorFile>(join(folder, supervisorName));
  return supervisor !== null && isAlive(supervisor.identity) ? supervisor : null;
}

export function removeSupervisor(folder: string): void {
  rmSync(join(folder, supervisorName), { force: true });
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readWhole<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch {
    return null;
  }
}

function writeWhole(file: string, value: unknown): void {
  replaceFile(file, JSON.stringify(value), { flush: false });
}
