import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identifyProcess, isAlive } from "../../../shell/process-identity.ts";
import {
  type InstanceFile,
  readInstances,
  removeInstance,
  writeInstance,
} from "./instance-file.ts";

/**
 * Each instance inherits the listening socket this many times, from descriptor 3 on: one is used
 * up each time it starts to accept, and the last is kept for a supervisor it may have to start.
 */
export const inheritedCopies = 6;

/** The listening socket in the supervisor. It is never opened here: who opens it, accepts. */
export const heldDescriptor = 3;

export interface InstancesInput {
  /** Where instance files lie. */
  runFolder: string;
  logFolder: string;
  /** Of a process that a supervisor before this one had started, once it has to be started anew. */
  env: Record<string, string | undefined>;
}

export interface StartRequest {
  release: string;
  command: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  /** Milliseconds it is given to end in good order when the supervisor itself is told to end. */
  grace?: number;
}

export interface InstanceState {
  release: string;
  pid: number;
  alive: boolean;
  keep: boolean;
  restarts: number;
  exit: { code: number | null; signal: string | null } | null;
}

interface Instance extends InstanceFile {
  child: ChildProcess | null;
  env: Record<string, string | undefined>;
  /** Deaths in a row. */
  restarts: number;
  /** Milliseconds since 1970 at which it was started, or taken over. */
  since: number;
  exit: InstanceState["exit"];
  stopping: boolean;
}

/** A release that has run for so many milliseconds dies for the first time again. */
const settled = 60_000;

/** For instances that were started by a studio that did not say. */
const defaultGrace = 35_000;

/** The processes of an environment's releases: starts them, and again when they die. */
export class Instances {
  private readonly input: InstancesInput;
  private readonly all = new Map<string, Instance>();
  private closing = false;

  constructor(input: InstancesInput) {
    this.input = input;
    for (const file of readInstances(input.runFolder)) this.adopt(file);
  }

  states(): InstanceState[] {
    return [...this.all.values()].map((instance) => ({
      release: instance.release,
      pid: instance.identity.pid,
      alive: isAlive(instance.identity),
      keep: instance.keep,
      restarts: instance.restarts,
      exit: instance.exit,
    }));
  }

  start(request: StartRequest): void {
    if (this.closing) throw new Error("the supervisor is ending");
    const known = this.all.get(request.release);
    if (known !== undefined && isAlive(known.identity)) return;
    const child = this.spawn(request);
    const instance: Instance = {
      ...request,
      identity: identifyProcess(child.pid ?? 0),
      keep: known?.keep ?? false,
      child,
      restarts: known?.restarts ?? 0,
      since: Date.now(),
      exit: null,
      stopping: false,
    };
    this.all.set(request.release, instance);
    writeInstance(this.input.runFolder, fileOf(instance));
    child.on("exit", (code, signal) => void this.mourn(instance, { code, signal }));
    // It could not even be started: a Node.js that was removed, too many processes.
    child.on("error", () => {
      if (child.pid === undefined) void this.mourn(instance, { code: null, signal: null });
    });
  }

  /** Whether a release is started again when it dies; false when there is no such release. */
  keep(release: string, keep: boolean): boolean {
    const instance = this.all.get(release);
    if (instance === undefined) return false;
    instance.keep = keep;
    writeInstance(this.input.runFolder, fileOf(instance));
    return true;
  }

  /** Ends a release: SIGTERM, on which it drains, and SIGKILL after `grace` milliseconds. */
  async stop(release: string, grace: number): Promise<void> {
    const instance = this.all.get(release);
    if (instance !== undefined) {
      instance.stopping = true;
      instance.keep = false;
      const { identity } = instance;
      const deadline = Date.now() + grace;
      if (isAlive(identity)) signalProcess(identity.pid, "SIGTERM");
      while (isAlive(identity) && Date.now() < deadline) await sleep(50);
      if (isAlive(identity)) signalProcess(identity.pid, "SIGKILL");
      while (isAlive(identity)) await sleep(20);
      this.all.delete(release);
    }
    removeInstance(this.input.runFolder, release);
  }

  /** Ends every release, and starts none from then on. */
  async close(): Promise<void> {
    this.closing = true;
    const all = [...this.all.values()];
    await Promise.all(all.map(({ release, grace }) => this.stop(release, grace ?? defaultGrace)));
  }

  /** Looks for deaths that no event tells of: of processes that are not this one's children. */
  watchAdopted(): void {
    for (const instance of this.all.values()) {
      if (instance.child !== null || instance.exit !== null || isAlive(instance.identity)) continue;
      void this.mourn(instance, { code: null, signal: null });
    }
  }

  /** Takes over a process that a supervisor before this one had started. */
  private adopt(file: InstanceFile): void {
    if (!isAlive(file.identity) && !file.keep) {
      removeInstance(this.input.runFolder, file.release);
      return;
    }
    const { env } = this.input;
    const since = Date.now();
    const fresh = { child: null, env, restarts: 0, since, exit: null, stopping: false };
    this.all.set(file.release, { ...file, ...fresh });
  }

  private spawn({ release, command, cwd, env }: StartRequest): ChildProcess {
    const log = openSync(join(this.input.logFolder, `${release}.out`), "a", 0o600);
    const [file = "", ...argv] = command;
    const sockets = Array.from({ length: inheritedCopies }, () => heldDescriptor);
    try {
      // A group of its own: a Ctrl-C meant for studio must not reach it.
      return spawn(file, argv, {
        cwd,
        env,
        detached: true,
        stdio: ["ignore", log, log, ...sockets],
      });
    } finally {
      closeSync(log);
    }
  }

  /** What follows a death that nobody asked for. Waits longer after each in a row, up to 30 s. */
  private async mourn(instance: Instance, exit: NonNullable<InstanceState["exit"]>): Promise<void> {
    instance.exit = exit;
    if (instance.stopping || !instance.keep) return;
    instance.restarts = Date.now() - instance.since > settled ? 1 : instance.restarts + 1;
    await sleep(Math.min(30_000, 250 * 2 ** Math.min(instance.restarts - 1, 7)));
    const { release, stopping, keep } = instance;
    if (this.closing || stopping || !keep || this.all.get(release) !== instance) return;
    this.start({ ...instance, command: commandAfter(instance.command, exit.signal) });
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

/** It is to serve at once, and is told what ended the process before it. */
function commandAfter(command: readonly string[], signal: string | null): string[] {
  const added = command.findIndex((word) => word === "--accept");
  const base = added < 0 ? command : command.slice(0, added);
  return [...base, "--accept", ...(signal === null ? [] : ["--ended-by", signal])];
}

function fileOf(instance: Instance): InstanceFile {
  const { release, identity, command, cwd, keep, grace } = instance;
  return { release, identity, command, cwd, keep, ...(grace === undefined ? {} : { grace }) };
}
