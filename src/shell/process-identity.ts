import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Tells a process from a later one that was given the same number. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot (Linux, proc(5) stat field 22) or `ps -o lstart` elsewhere. */
  started: string | null;
  /** Changes at every boot; null where the system does not tell. */
  boot: string | null;
}

export function identifyProcess(pid: number): ProcessIdentity {
  return { pid, started: startTime(pid), boot: bootIdentity() };
}

export const ownIdentity = (): ProcessIdentity => identifyProcess(process.pid);

/** True when that very process still exists and is more than a zombie. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.boot !== null && identity.boot !== bootIdentity()) return false;
  const started = startTime(identity.pid);
  return started !== null && (identity.started === null || identity.started === started);
}

function startTime(pid: number): string | null {
  if (process.platform === "linux") return linuxStartTime(pid);
  try {
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text.trim() === "" ? null : text.trim();
  } catch {
    return null;
  }
}

function linuxStartTime(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may itself hold spaces and parentheses.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state, started] = [fields[0], fields[19]];
    return state === "Z" || state === "X" ? null : (started ?? null);
  } catch {
    return null;
  }
}

let boot: string | null | undefined;

function bootIdentity(): string | null {
  if (boot === undefined) {
    try {
      boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    } catch {
      boot = null;
    }
  }
  return boot;
}
