import type { Ledger } from "./ledger.ts";

/** What stands badly, as far as anybody noticed. Times are ISO 8601, UTC. */
export interface IncidentRow {
  level: string;
  since: string;
  toldAt: string;
  times: number;
}

export function readIncident(
  ledger: Ledger,
  environment: string,
  subject: string,
): IncidentRow | null {
  const row = ledger
    .prepare<[string, string], IncidentRow>(
      `SELECT level, since, told_at AS toldAt, times FROM incidents
       WHERE environment = ? AND subject = ?`,
    )
    .get(environment, subject);
  return row ?? null;
}

/** @param incident null where it stands well */
export function writeIncident(
  ledger: Ledger,
  { environment, subject }: { environment: string; subject: string },
  incident: IncidentRow | null,
): void {
  if (incident === null) {
    ledger
      .prepare("DELETE FROM incidents WHERE environment = ? AND subject = ?")
      .run(environment, subject);
    return;
  }
  ledger
    .prepare(
      `INSERT OR REPLACE INTO incidents (environment, subject, level, since, told_at, times)
       VALUES (@environment, @subject, @level, @since, @toldAt, @times)`,
    )
    .run({ environment, subject, ...incident });
}
