import { statSync } from "node:fs";
import { join } from "node:path";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { currentRelease, findRelease } from "../ledger/releases.ts";
import { followLog } from "./follow-log.ts";
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

/**
 * Writes a release's last log lines, and with `follow` those to come until the signal: without a
 * release those of whichever serves.
 */
export async function showLogs(place: Workplace, input: LogsInput): Promise<void> {
  const file = logFile(place, input.release);
  const position = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  for (const line of readLastLines(file, input.lines)) input.write(line);
  if (!input.follow) return;
  const { signal, write } = input;
  await followLog({ locate: () => logFile(place, input.release), position, signal, write });
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
