import { formatDuration } from "../config/quantity.ts";
import { StudioError, exitCodes } from "../errors.ts";
import { followChanges } from "./changes.ts";
import type { ReleaseRecord } from "./release.ts";
import type { Target } from "./target.ts";

export interface HealthInput {
  target: Target;
  release: ReleaseRecord;
  signal: AbortSignal;
  say: (text: string) => void;
}

export interface FoundHealthy {
  milliseconds: number;
  /** How often it had been started again by then: with its machine, say. */
  restarts: number;
}

/** Waits until a release was ready as often in a row as its settings ask, or once where judged. */
export async function waitHealthy(input: HealthInput): Promise<FoundHealthy> {
  const { target, release, signal, say } = input;
  const { passes: asked, timeout } = release.settings.deploy.health;
  const begun = performance.now();
  let passed = 0;
  let seen = false;
  const changes = followChanges({ target, release, signal });
  try {
    while (performance.now() - begun < timeout) {
      const state = await target.state(release, { anew: true });
      seen ||= state.running;
      passed = state.ready ? passed + 1 : 0;
      const passes = state.judged === true ? 1 : asked;
      say(`${passed} of ${passes} in a row`);
      if (passed >= passes) {
        const milliseconds = Math.round(performance.now() - begun);
        return { milliseconds, restarts: state.restarts };
      }
      if (seen && !state.running) throw await unhealthy(input, "Its process ended.");
      await changes.next(state.judged === true && state.running);
    }
  } finally {
    changes.end();
  }
  throw await unhealthy(input, `It was not within ${formatDuration(timeout)}.`);
}

async function unhealthy(input: HealthInput, why: string): Promise<StudioError> {
  const { target, release } = input;
  return new StudioError({
    code: "health.failed",
    message: `Release ${release.id} did not become healthy. ${why}`,
    hint: "The lines above are its last ones; `studio logs` shows those of the release that serves.",
    exitCode: exitCodes.undone,
    details: { log: await target.lastLines(release, 10) },
  });
}
