import { hash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Tells one process from every other one, also after its number was given to another. */
export interface ProcessIdentity {
  pid: number;
  /** In clock ticks since the boot; null where the system does not tell. */
  startTime: string | null;
  bootId: string | null;
  /** The namespace that `pid` is a number of: containers have their own. */
  pidNamespace: string | null;
  machine: string | null;
  host: string;
}

export function currentProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    startTime: processStart(process.pid)?.startTime ?? null,
    bootId: readText("/proc/sys/kernel/random/boot_id"),
    pidNamespace: readNamespace(),
    machine: readText("/etc/machine-id"),
    host: hostname(),
  };
}

/**
 * Whether a process still runs, as far as it can be known from here: `unknown` for one of another
 * machine or container.
 */
export function processState(identity: ProcessIdentity): "alive" | "dead" | "unknown" {
  const here = currentProcess();
  if (identity.host !== here.host || identity.bootId === null) return "unknown";
  if (identity.bootId !== here.bootId) {
    const sameMachine = here.machine !== null && identity.machine === here.machine;
    return sameMachine ? "dead" : "unknown";
  }
  if (identity.pidNamespace !== here.pidNamespace) return "unknown";
  const found = processStart(identity.pid);
  if (found === null || found.zombie) return "dead";
  return found.startTime === identity.startTime ? "alive" : "dead";
}

/** Whether an identity that is alive is that of this very process. */
export function isOwnProcess(identity: ProcessIdentity): boolean {
  return identity.pid === process.pid;
}

/**
 * A short name for this process, for files that only it may finish: `<hash of the machine, its boot
 * and the pid namespace>-<pid>-<start>`.
 */
export function processTag(): string {
  const { pid, startTime } = currentProcess();
  return `${hereHash()}-${pid}-${startTime ?? 0}`;
}

/** Whether the process of that tag still runs; `unknown` for one of elsewhere or earlier. */
export function stateOfTag(tag: string): "alive" | "dead" | "unknown" {
  const [here, pid, startTime] = tag.split("-");
  if (here === "elsewhere" || here !== hereHash()) return "unknown";
  const found = processStart(Number(pid));
  return found === null || found.zombie || found.startTime !== startTime ? "dead" : "alive";
}

function hereHash(): string {
  const { host, bootId, pidNamespace } = currentProcess();
  return bootId === null
    ? "elsewhere"
    : hash("sha256", `${host} ${bootId} ${pidNamespace}`).slice(0, 8);
}

/** Fields 3 and 22 of /proc/<pid>/stat (proc_pid_stat(5)). */
function processStart(pid: number): { startTime: string; zombie: boolean } | null {
  const text = readText(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The second field is the program's name in parentheses and may hold spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const startTime = fields[19];
  if (startTime === undefined) return null;
  return { startTime, zombie: fields[0] === "Z" || fields[0] === "X" };
}

function readNamespace(): string | null {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return null;
  }
}

function readText(file: string): string | null {
  try {
    const text = readFileSync(file, "utf8").trim();
    return text === "" ? null : text;
  } catch {
    return null;
  }
}
