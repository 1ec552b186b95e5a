import type { Step, StepRun } from "../../operation/step.ts";
import { lacksServices, runningServices } from "../lacks-services.ts";
import type { ReleaseRecord } from "../release.ts";
import { findDatabaseAgain } from "../view.ts";
import type { Workplace } from "../workplace.ts";

/**
 * Whose services ran before: those of another release; what studio did not start; some of this
 * release's own, whoever started them; nobody's.
 */
export type ServicesBefore = ReleaseRecord | "of others" | "its own" | null;

/**
 * Brings up what the release stands on; no step where it stands on nothing.
 * @param before what an undo returns to
 */
export function servicesSteps(
  place: Workplace,
  release: ReleaseRecord,
  before: ServicesBefore,
): Step[] {
  const { target } = place;
  const names = target.backingServices(release);
  if (names.length === 0) return [];
  return [
    {
      id: "services",
      title: `Bring up what it needs: ${names.join(", ")}`,
      // Whether a definition changed is for the target to see; that one ended meanwhile is seen here.
      probe: async () => ((await lacksServices(target, release)) ? "absent" : "unknown"),
      async do(run) {
        await target.startBackingServices(run, release);
        await findDatabaseAgain(place);
      },
      undo(run) {
        if (before === null) return target.takeDown(run, release);
        if (before === "of others") return leave(place, run, release);
        if (before === "its own") return leaveOwn(place, run, release);
        return target.startBackingServices(run, before);
      },
    },
  ];
}

async function leaveOwn(
  { target }: Workplace,
  run: StepRun,
  release: ReleaseRecord,
): Promise<void> {
  const left = await runningServices(target, release);
  if (left.length > 0) {
    run.note(
      `Some of it ran before, so it was left running: ${left.join(", ")}. \`studio down\` ends it.`,
    );
  }
}

/** As they are: how they were defined before is known to those who started them alone. */
async function leave({ target }: Workplace, run: StepRun, release: ReleaseRecord): Promise<void> {
  const left = await runningServices(target, release);
  if (left.length === 0) return;
  run.note(
    `The stack ran before this deploy, started by others than studio, so it was not taken down. Left running as this deploy defined them: ${left.join(", ")}. \`docker compose up -d\` goes back to what ran.`,
  );
}
