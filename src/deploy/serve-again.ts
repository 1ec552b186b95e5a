import type { StepRun } from "../operation/step.ts";
import { waitHealthy } from "./health.ts";
import { lacksServices } from "./lacks-services.ts";
import type { ReleaseRecord } from "./release.ts";
import type { Notice, Target } from "./target.ts";

/**
 * Gives the traffic back to a release that had it, for an undo: at once where its process still
 * can take it, else after a fresh start.
 * @param notice what it told the public; null: it served
 * @param from the release that has the traffic now; null: none
 */
export async function serveAgain(
  target: Target,
  run: StepRun,
  { release, notice }: { release: ReleaseRecord; notice: Notice | null },
  from: ReleaseRecord | null,
): Promise<void> {
  // Without its proxy, say, which was killed or did not come back with the machine, nobody meets it.
  if (await lacksServices(target, release)) await target.startBackingServices(run, release);
  const state = await target.state(release, { anew: true });
  if (!state.canAccept) {
    if (state.running) await target.stop(run, release);
    await target.start(run, release);
    await waitHealthy({ target, release, signal: run.signal, say: run.say });
  }
  // Before it meets the public: one that was started anew may have forgotten it.
  if (notice !== null) await target.maintain(run, release, notice);
  await target.switchTo(run, release, from);
  if (from === null) return;
  await target.drain?.(run, { release, from });
}
