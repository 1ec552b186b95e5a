import { statfsSync } from "node:fs";
import { totalmem } from "node:os";
import { checkVariables } from "../../config/variables.ts";
import { formatBytes } from "../../config/quantity.ts";
import { StudioError, exitCodes } from "../../errors.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../../operation/step.ts";
import type { DeployWork } from "../deploy-input.ts";
import { existingAncestor } from "../existing-ancestor.ts";

/** Room for logs, the journal and temporary files besides what is known to be written. */
const spareBytes = 200 * 1024 * 1024;

/** What the owner of a production host is asked to have (a smaller one is warned about). */
const wantedMemory = 4 * 1000 ** 3;
const wantedDisk = 10 * 1000 ** 3;

/** Looks for whatever would stop the deploy half-way, before anything is changed. */
export function preflightStep(work: DeployWork): Step {
  return {
    id: "preflight",
    title: "Check disk, port, configuration and models",
    kind: "refusal",
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      checkConfiguration(work);
      checkHost(work, run.note);
      for (const refusal of await work.place.target.refusals(work.release)) {
        throw new StudioError(refusal);
      }
      if (work.input.fresh) await work.content();
    },
  };
}

function checkConfiguration({ place }: DeployWork): void {
  const { project, variables } = place;
  const missing = checkVariables(project.settings, variables);
  if (missing.length === 0) return;
  throw new StudioError({
    code: "variables.missing",
    message: `Required variables are missing or empty: ${missing.join(", ")}.`,
    hint: `Set them in the environment${project.settings.variables.file === undefined ? "" : ` or in ${project.settings.variables.file}`}, then deploy again.`,
    exitCode: exitCodes.usage,
    details: { missing },
  });
}

function checkHost(work: DeployWork, note: (text: string) => void): void {
  const { paths } = work.place.desk;
  const { bavail, bsize } = statfsSync(existingAncestor(paths.root));
  const free = bavail * bsize;
  const needed = work.release.code.bytes + spareBytes;
  if (free < needed) {
    throw new StudioError({
      code: "disk.short",
      message: `${formatBytes(free)} are free on the disk of ${paths.root}; this deploy may need ${formatBytes(needed)}.`,
      hint: "Make room (`studio backup prune` removes old snapshots), then deploy again.",
      exitCode: exitCodes.unavailable,
      details: { free, needed },
    });
  }
  if (work.place.target.kind === "local") return;
  if (free < wantedDisk) note(`Less than ${formatBytes(wantedDisk)} of disk are free.`);
  if (totalmem() < wantedMemory)
    note(`The host has less than ${formatBytes(wantedMemory)} memory.`);
}
