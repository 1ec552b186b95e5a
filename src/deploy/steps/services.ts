import type { Step, StepRun } from "../../operation/step.ts";
import { lacksServices, runningServices } from "../lacks-services.ts";
import type { ReleaseRecord } from "../release.ts";
import { findDatabaseAgain } from "../view.ts";
import type { Workplace } from "../workplace.ts";

/**
 * Whose services ran before: those of another release; what studio did not start; some of this
 * release's own, whoever started them; nobody's.
 */
export type ServicesBefore = ReleaseRecord | keyof typeof words | null;

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
        if (typeof before === "string") return leave(place, run, release, before);
        return target.startBackingServices(run, before);
      },
    },
  ];
}

/** What is said of services that an undo leaves running. */
const words = {
  // How they were defined before is known to those who started them alone.
  "of others": (left: string) =>
    `The stack ran before this deploy, started by others than studio, so it was not taken down. Left running as this deploy defined them: ${left}. \`docker compose up -d\` goes back to what ran.`,
  "its own": (left: string) =>
    `Some of it ran before, so it was left running: ${left}. \`studio down\` ends it.`,
};

async function leave(
  { target }: Workplace,
  run: StepRun,
  release: ReleaseRecord,
  before: keyof typeof words,
): Promise<void> {
  const left = await runningServices(target, release);
  if (left.length > 0) run.note(words[before](left.join(", ")));
}
