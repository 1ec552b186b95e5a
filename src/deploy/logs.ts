import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { currentRelease, findRelease } from "../ledger/releases.ts";
import { nothingDeployed } from "./run-release.ts";
import { readLastLines } from "./targets/local/last-lines.ts";
import type { Workplace } from "./workplace.ts";

export interface LogsInput {
  release: string | null;
  lines: number;
  follow: boolean;
  signal: AbortSignal;
  write: (line: string) => void;
}

/** Writes a release's last log lines, and with `follow` those to come until the signal. */
export async function showLogs(place: Workplace, input: LogsInput): Promise<void> {
  const file = logFile(place, input.release);
  for (const line of readLastLines(file, input.lines)) input.write(line);
  if (input.follow) await follow(file, input);
}

function logFile({ desk }: Workplace, release: string | null): string {
  const ledger = openLedgerForReading(desk.paths.ledger);
  try {
    const row =
      ledger === null
        ? null
        : release === null
          ? currentRelease(ledger, desk.environment)
          : findRelease(ledger, desk.environment, release);
    if (row === null) throw nothingDeployed(desk.environment);
    return join(desk.paths.logs, `${row.id}.log`);
  } finally {
    ledger?.close();
  }
}

async function follow(file: string, { signal, write }: LogsInput): Promise<void> {
  let descriptor = openSync(file, "r");
  let position = fstatSync(descriptor).size;
  let rest = "";
  while (!signal.aborted) {
    const { size, ino } = fstatSync(descriptor);
    if (size > position) {
      const buffer = Buffer.alloc(Math.min(size - position, 1024 * 1024));
      position += readSync(descriptor, buffer, 0, buffer.length, position);
      const lines = (rest + buffer.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) write(line);
      continue;
    }
    // A rotation puts a new file in the name's place once the old one is read to its end.
    if (existsSync(file)) {
      const next = openSync(file, "r");
      if (fstatSync(next).ino === ino) closeSync(next);
      else {
        closeSync(descriptor);
        descriptor = next;
        position = 0;
      }
    }
    await sleep(200, undefined, { signal }).catch(() => {});
  }
  closeSync(descriptor);
}
