import type { MigrationEvent } from "../migrate/apply.ts";
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
  /** Told what is being done, in few words. */
  say: (words: string) => void;
}

/** Tries the pending migrations; nothing of it is left. */
export async function rehearseMigrations(
  workplace: Workplace,
  request: RehearseRequest & {
    on: RehearsalPlace | null;
    /** Milliseconds that the transaction may hold locks on the live database. */
    most: number | null;
  },
): Promise<RehearsalReport> {
  const { rehearse } = await import("../migrate/rehearse/rehearse.ts");
  const { on, most } = request;
  return rehearse({
    ...inputOf(workplace, request),
    ...(on === null ? {} : { on }),
    ...(most === null ? {} : { maxMilliseconds: most }),
  });
}

/** Applies migrations, takes them back and applies them again, on a copy. */
export async function testMigrations(
  workplace: Workplace,
  request: RehearseRequest & { all: boolean },
): Promise<RoundTripReport> {
  const { testRoundTrip } = await import("../migrate/rehearse/round-trip.ts");
  return testRoundTrip({ ...inputOf(workplace, request), all: request.all });
}

function inputOf(workplace: Workplace, { to, databaseUrlFile, say }: RehearseRequest) {
  const place = withDatabaseFrom(workplace, databaseUrlFile);
  const { desk, project, variables } = place;
  return {
    ...migrationInput(place, desk.signal),
    clone: { env: variables, scratch: backupWorkDirectory(project), say },
    onEvent: (event: MigrationEvent) =>
      say(
        event.type === "waiting"
          ? `waiting for ${event.holder ?? "another process"}`
          : `${event.type} ${event.name}`,
      ),
    ...(to === null ? {} : { to }),
  };
}
