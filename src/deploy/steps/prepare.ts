import { existsSync } from "node:fs";
import type { Step } from "../../operation/step.ts";
import { StudioError, exitCodes } from "../../errors.ts";
import type { DeployWork } from "../deploy-input.ts";
import { withContents } from "../content/content-lock.ts";
import { codeFolder, releaseFile } from "../release.ts";
import { usedDigests } from "../used-digests.ts";

/** Keeps code, models, migrations and settings of the release by content. */
export function prepareStep(work: DeployWork): Step {
  const { place, release, input } = work;
  const { paths } = place.desk;
  return {
    id: "prepare",
    title: input.fresh
      ? "Keep the release's code and models"
      : "Find the release's code and models",
    probe: () => (isComplete(work) ? "done" : "partial"),
    async do(run) {
      if (!input.fresh) {
        requireKept(work);
        return;
      }
      const { buildRelease, keepReleaseContent } = await import("../release-content.ts");
      const content = await work.content();
      refuseChanged(work, content.code.digest);
      await withContents(paths, async () => {
        await run.effect("contents", (reach) => keepReleaseContent(paths, content, reach));
        await run.effect("folder", (reach) => buildRelease(paths, content, release, reach));
      });
    },
    async undo(run) {
      if (!input.fresh) return;
      const { discardRelease } = await import("../release-content.ts");
      await withContents(paths, () =>
        run.effect("discard", (reach) => {
          const used = usedDigests(work.ledger, new Set([release.id]));
          discardRelease(paths, release.id, used, reach);
        }),
      );
    },
  };
}

function isComplete({ place, release }: DeployWork): boolean {
  const { paths } = place.desk;
  return (
    existsSync(releaseFile(paths, release.id)) && existsSync(codeFolder(paths, release.code.digest))
  );
}

function requireKept(work: DeployWork): void {
  if (isComplete(work)) return;
  throw new StudioError({
    code: "release.missing",
    message: `The code or models of release ${work.release.id} are no longer kept in ${work.place.desk.paths.releases}.`,
    hint: "`studio backup restore` can bring the folder back; `studio deploy` makes a new release from the code that is here.",
    exitCode: exitCodes.unavailable,
  });
}

/** A resume must not finish with other code than was planned, and maybe gated. */
function refuseChanged({ release }: DeployWork, digest: string): void {
  if (digest === release.code.digest) return;
  throw new StudioError({
    code: "release.changed",
    message: "The code in the project changed since this deploy was planned.",
    hint: "`studio abort`, then `studio deploy` with the code that is here now.",
    exitCode: exitCodes.undone,
  });
}
