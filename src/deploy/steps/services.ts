import type { Step } from "../../operation/step.ts";
import { lacksServices } from "../lacks-services.ts";
import type { ReleaseRecord } from "../release.ts";
import { findDatabaseAgain } from "../view.ts";
import type { Workplace } from "../workplace.ts";

/**
 * Brings up what the release stands on; no step where it stands on nothing.
 * @param back the release whose services an undo returns to; null: nothing ran before
 */
export function servicesSteps(
  place: Workplace,
  release: ReleaseRecord,
  back: ReleaseRecord | null,
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
      undo: (run) =>
        back === null ? target.takeDown(run, release) : target.startBackingServices(run, back),
    },
  ];
}
