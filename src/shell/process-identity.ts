import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

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

/**
 * True when a process of the group that it leads, or led, still exists. The kernel gives the number
 * of a group to no new process; where one has it, the group is gone and the number used again.
 */
export function isGroupAlive(leader: ProcessIdentity): boolean {
  if (isAlive(leader)) return true;
  if (leader.boot !== null && leader.boot !== bootIdentity()) return false;
  if (startTime(leader.pid) !== null) return false;
  return process.platform === "linux" ? linuxMembers(leader.pid) : otherMembers(leader.pid);
}

/** Fields 3 and 5 of /proc/<pid>/stat (proc_pid_stat(5)): state and process group. */
function linuxMembers(group: number): boolean {
  return readdirSync("/proc").some((name) => {
    const [state, , memberOf] = /^\d+$/.test(name) ? statFields(name) : [];
    return memberOf === String(group) && state !== "Z" && state !== "X";
  });
}

function otherMembers(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
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
  const fields = statFields(String(pid));
  const [state, started] = [fields[0], fields[19]];
  return state === "Z" || state === "X" ? null : (started ?? null);
}

/** The fields of /proc/<pid>/stat from the third on; none where there is no such process. */
function statFields(pid: string): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may itself hold spaces and parentheses.
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
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
