import { StudioError, exitCodes } from "../../errors.ts";
import type { Step } from "../../operation/step.ts";
import type { DeployWork } from "../deploy-input.ts";
import { recordsInUse } from "../records-in-use.ts";

/** Keeps all that the release is made of, before anything is stopped. */
export function prepareStep(work: DeployWork): Step {
  const { place, release, input, ledger } = work;
  const { releases } = place.target;
  return {
    id: "prepare",
    title: input.fresh ? "Keep what the release is made of" : "Find what the release is made of",
    probe: () => (releases.isKept(release) ? "done" : "partial"),
    async do(run) {
      if (input.fresh) await releases.keep(run, release, () => work.draft());
      else requireKept(work);
    },
    async undo(run) {
      if (!input.fresh) return;
      await run.effect("discard", (reach) =>
        releases.discard(release.id, recordsInUse(ledger, new Set([release.id])), reach),
      );
    },
  };
}

function requireKept({ place, release }: DeployWork): void {
  if (place.target.releases.isKept(release)) return;
  throw new StudioError({
    code: "release.missing",
    message: `What release ${release.id} was made of is no longer kept in ${place.desk.paths.releases}.`,
    hint: "`studio backup restore` can bring the folder back; `studio deploy` makes a new release from what is here.",
    exitCode: exitCodes.unavailable,
  });
}
