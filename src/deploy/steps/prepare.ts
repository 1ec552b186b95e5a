import { existsSync } from "node:fs";
import { listReleases } from "../../ledger/releases.ts";
import type { Step } from "../../operation/step.ts";
import { StudioError, exitCodes } from "../../errors.ts";
import type { DeployWork } from "../deploy-input.ts";
import { type ReleaseRecord, codeFolder, releaseFile } from "../release.ts";
import { buildRelease, discardRelease, keepReleaseContent } from "../release-content.ts";

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
      const content = await work.content();
      refuseChanged(work, content.code.digest);
      await run.effect("contents", () => keepReleaseContent(paths, content));
      await run.effect("folder", () => buildRelease(paths, content, release));
    },
    async undo(run) {
      if (!input.fresh) return;
      await run.effect("discard", () => discardRelease(paths, release.id, usedDigests(work)));
    },
  };
}

/** Digests of code that releases other than this one run. */
function usedDigests({ ledger, place, release }: DeployWork): Set<string> {
  const rows = listReleases(ledger, place.desk.environment);
  const others = rows.filter((row) => row.id !== release.id);
  return new Set(others.map((row) => (row.record as ReleaseRecord).code.digest));
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
