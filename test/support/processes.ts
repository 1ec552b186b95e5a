import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface StudioProcess {
  pid: number;
  kind: "instance" | "supervisor";
  line: string;
}

/** Processes of studio that work for the project in a folder. */
export function processesOf(directory: string): StudioProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): StudioProcess[] => {
      const line = commandLine(name);
      if (!line.includes(directory)) return [];
      const pid = Number(name);
      if (line.includes("__instance")) return [{ pid, kind: "instance", line }];
      return line.includes("__supervise") ? [{ pid, kind: "supervisor", line }] : [];
    });
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** Waits until a condition holds; fails after a time that is long for it. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  patience = 15_000,
): Promise<void> {
  const deadline = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`It did not come true that ${what}.`);
    await sleep(50);
  }
}
