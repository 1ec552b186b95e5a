import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DatabaseAddress } from "../../../src/database/address.ts";
import type { MigrationReport } from "../../../src/migrate/apply.ts";
import type { TestProject } from "./project.ts";

const program = fileURLToPath(new URL("migrate-process.ts", import.meta.url));

export interface Line {
  type?: string;
  name?: string;
  report?: MigrationReport;
  points?: number;
  error?: { code: string; message: string; details: unknown };
}

export interface MigrateProcess {
  lines: Line[];
  last: Line | undefined;
  /** Null after a signal. */
  code: number | null;
}

/** Everything that was started here and may still run. */
export const children: ChildProcess[] = [];

/** Starts a process that migrates up; `onLine` sees what it writes while it runs. */
export function startMigrating(
  database: DatabaseAddress,
  project: TestProject,
  options: {
    onLine?: (line: Line, child: ChildProcess) => void;
    lockWait?: string;
    killAt?: number;
  } = {},
): Promise<MigrateProcess> {
  const { onLine, lockWait = "20000", killAt = 0 } = options;
  const words = [program, database.url, project.folder, lockWait, String(killAt)];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const lines: Line[] = [];
  createInterface(child.stdout).on("line", (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    onLine?.(line, child);
  });
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ lines, last: lines.at(-1), code }));
  });
}
