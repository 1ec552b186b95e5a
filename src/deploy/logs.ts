import { openLedgerForReading } from "../ledger/ledger.ts";
import { currentRelease, findRelease } from "../ledger/releases.ts";
import { daemonLog, requireDaemon } from "./daemon-record.ts";
import { isDaemonAlone } from "./detached-daemon.ts";
import type { ReleaseRecord } from "./release.ts";
import { nothingDeployed } from "./run-release.ts";
import { showLogFile } from "./show-log-file.ts";
import type { LogRequest } from "./target.ts";
import type { Workplace } from "./workplace.ts";

export interface LogsInput extends Omit<LogRequest, "release"> {
  /** An id or its beginning; null: whichever serves. */
  release: string | null;
  /** Of the daemon that `serve --detach` started; also where nothing was deployed. */
  detached: boolean;
}

/** Writes a release's last log lines, and with `follow` those to come until the signal. */
export async function showLogs(place: Workplace, input: LogsInput): Promise<void> {
  if (input.detached || (input.release === null && isDaemonAlone(place.desk))) {
    const file = daemonLog(place.desk.paths, requireDaemon(place.desk.paths));
    await showLogFile(() => file, input);
    return;
  }
  const release = () => wantedRelease(place, input.release);
  await place.target.logs({ ...input, release });
}

function wantedRelease({ desk }: Workplace, wanted: string | null): ReleaseRecord {
  const ledger = openLedgerForReading(desk.paths.ledger);
  try {
    if (ledger === null) throw nothingDeployed(desk.environment);
    const row =
      wanted === null
        ? currentRelease(ledger, desk.environment)
        : findRelease(ledger, desk.environment, wanted);
    if (row === null) throw nothingDeployed(desk.environment);
    return row.record as ReleaseRecord;
  } finally {
    ledger?.close();
  }
}
