import type { StepRun } from "../operation/step.ts";
import { waitHealthy } from "./health.ts";
import { lacksServices } from "./lacks-services.ts";
import type { ReleaseRecord } from "./release.ts";
import type { Target } from "./target.ts";

/**
 * Gives the traffic back to a release that had it, for an undo: at once where its process still
 * can take it, else after a fresh start.
 * @param from the release that has the traffic now; null: none
 */
export async function serveAgain(
  target: Target,
  run: StepRun,
  release: ReleaseRecord,
  from: ReleaseRecord | null,
): Promise<void> {
  // Without its proxy, say, which was killed or did not come back with the machine, nobody meets it.
  if (await lacksServices(target, release)) await target.startBackingServices(run, release);
  const state = await target.state(release);
  if (!state.canAccept) {
    if (state.running) await target.stop(run, release);
    await target.start(run, release);
    await waitHealthy({ target, release, signal: run.signal, say: run.say });
  }
  await target.switchTo(run, release, from);
}
