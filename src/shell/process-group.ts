import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type ProcessIdentity, identifyProcess, isGroupAlive } from "./process-identity.ts";

export interface GroupResult {
  exitCode: number | null;
  signal: string | null;
  /** The last lines of both streams. */
  lastLines: string[];
}

export interface GroupOptions {
  cwd: string;
  env: Record<string, string | undefined>;
  /** Called with the group's leader before the program is let run. */
  onStart(identity: ProcessIdentity): void;
  onLine?(line: string): void;
  /** Reads stdout as bytes, at its own pace; without it, stdout is read as lines. */
  readOutput?(stdout: Readable): Promise<void>;
  /** Writes stdin; without it, there is none. */
  writeInput?(stdin: Writable): Promise<void>;
  signal?: AbortSignal;
}

/**
 * The shell waits for a line on descriptor 3 before it becomes the program: if studio dies before
 * the group is in the journal, the pipe closes and the program never runs.
 */
const gate = 'read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

const keptLines = 40;

/**
 * Runs a program in a process group of its own and waits for it. An abort ends the group, and so
 * does a failure to read its output or to write its input, which is then thrown.
 */
export async function runGroup(
  file: string,
  argv: readonly string[],
  options: GroupOptions,
): Promise<GroupResult> {
  const child = spawn("/bin/sh", ["-c", gate, "sh", file, ...argv], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: [options.writeInput === undefined ? "ignore" : "pipe", "pipe", "pipe", "pipe"],
  });
  const lastLines: string[] = [];
  const lines = options.readOutput === undefined ? [child.stdout, child.stderr] : [child.stderr];
  for (const stream of lines) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      lastLines.push(line);
      if (lastLines.length > keptLines) lastLines.shift();
      options.onLine?.(line);
    });
  }
  const ended = new Promise<GroupResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal, lastLines }));
  });
  if (child.pid === undefined) return ended;
  const identity = identifyProcess(child.pid);
  const stop = () => void endGroup(identity, 10_000);
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    options.onStart(identity);
    const go = child.stdio[3] as Writable;
    go.on("error", () => {});
    go.end("go\n");
    if (options.signal?.aborted === true) stop();
    const work = await Promise.allSettled(streamsOf(child, options, stop));
    const result = await ended;
    for (const one of work) if (one.status === "rejected") throw one.reason;
    return result;
  } finally {
    options.signal?.removeEventListener("abort", stop);
  }
}

/** The reading and the writing of the program's own streams; a failure stops the program. */
function streamsOf(child: ChildProcess, options: GroupOptions, stop: () => void): Promise<void>[] {
  const work: Promise<void>[] = [];
  if (child.stdout !== null && options.readOutput !== undefined) {
    work.push(options.readOutput(child.stdout));
  }
  if (child.stdin !== null && options.writeInput !== undefined) {
    // A program that ends early closes the pipe; its exit code says why.
    child.stdin.on("error", () => {});
    work.push(options.writeInput(child.stdin));
  }
  for (const one of work) one.catch(stop);
  return work;
}

/**
 * Ends a process group: SIGTERM, then SIGKILL after `grace` milliseconds. Resolves when no process
 * of it is left, its leader's orphans included.
 */
export async function endGroup(identity: ProcessIdentity, grace: number): Promise<void> {
  if (!isGroupAlive(identity)) return;
  signalGroup(identity.pid, "SIGTERM");
  if (await groupEnds(identity, grace)) return;
  signalGroup(identity.pid, "SIGKILL");
  await groupEnds(identity, 5000);
}

async function groupEnds(identity: ProcessIdentity, within: number): Promise<boolean> {
  for (const deadline = Date.now() + within; Date.now() < deadline; await sleep(50)) {
    if (!isGroupAlive(identity)) return true;
  }
  return !isGroupAlive(identity);
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // The group is gone.
  }
}
