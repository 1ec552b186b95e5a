import { type ExitCode, usageError } from "../errors.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import type { ReleaseRecord } from "./release.ts";
import type { CommandRequest } from "./target.ts";
import type { Workplace } from "./workplace.ts";

/** Runs a command with the streams handed through; resolves to its exit code. */
export async function runInEnvironment(
  { desk, target }: Workplace,
  request: CommandRequest,
): Promise<ExitCode> {
  const exitCode = await target.execute(servingRelease(desk), request);
  if (exitCode === 127) {
    throw usageError(`The command "${request.command[0]}" could not be found or started.`);
  }
  // The exit code is the command's own, whatever it means to it.
  return exitCode as ExitCode;
}

function servingRelease({ paths, environment }: Workplace["desk"]): ReleaseRecord | null {
  const ledger = openLedgerForReading(paths.ledger);
  try {
    const row = ledger === null ? null : currentRelease(ledger, environment);
    return (row?.record ?? null) as ReleaseRecord | null;
  } finally {
    ledger?.close();
  }
}
