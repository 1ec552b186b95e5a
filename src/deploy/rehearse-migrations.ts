import type { RehearsalPlace, RehearsalReport } from "../migrate/rehearse/report.ts";
import type { RoundTripReport } from "../migrate/rehearse/round-trip.ts";
import { backupWorkDirectory } from "./backup-repository.ts";
import { withDatabaseFrom } from "./database-from-file.ts";
import { migrationInput } from "./migration-input.ts";
import type { Workplace } from "./workplace.ts";

export interface RehearseRequest {
  /** The last migration to try; null: all that are pending. */
  to: string | null;
  databaseUrlFile: string | null;
}

/** Tries the pending migrations; nothing of it is left. */
export async function rehearseMigrations(
  workplace: Workplace,
  request: RehearseRequest & { on: RehearsalPlace | null },
): Promise<RehearsalReport> {
  const { rehearse } = await import("../migrate/rehearse/rehearse.ts");
  const { on } = request;
  return rehearse({ ...inputOf(workplace, request), ...(on === null ? {} : { on }) });
}

/** Applies migrations, takes them back and applies them again, on a copy. */
export async function testMigrations(
  workplace: Workplace,
  request: RehearseRequest & { all: boolean },
): Promise<RoundTripReport> {
  const { testRoundTrip } = await import("../migrate/rehearse/round-trip.ts");
  return testRoundTrip({ ...inputOf(workplace, request), all: request.all });
}

function inputOf(workplace: Workplace, { to, databaseUrlFile }: RehearseRequest) {
  const place = withDatabaseFrom(workplace, databaseUrlFile);
  const { desk, project, variables } = place;
  return {
    ...migrationInput(place, desk.signal),
    clone: { env: variables, scratch: backupWorkDirectory(project) },
    ...(to === null ? {} : { to }),
  };
}
