import { type Step, nothingToProbe } from "../../operation/step.ts";
import type { ReleaseRecord } from "../release.ts";
import type { Target } from "../target.ts";

/**
 * Brings up what the release stands on; no step where it stands on nothing.
 * @param back the release whose services an undo returns to; null: nothing ran before
 */
export function servicesSteps(
  target: Target,
  release: ReleaseRecord,
  back: ReleaseRecord | null,
): Step[] {
  const names = target.backingServices(release);
  if (names.length === 0) return [];
  return [
    {
      id: "services",
      title: `Bring up what it needs: ${names.join(", ")}`,
      // Whether a definition changed is for the target to see.
      probe: nothingToProbe,
      do: (run) => target.startBackingServices(run, release),
      undo: (run) =>
        back === null ? target.takeDown(run, release) : target.startBackingServices(run, back),
    },
  ];
}
