import { statfsSync } from "node:fs";
import { totalmem } from "node:os";
import { roughBytes } from "../../format/rough.ts";
import { StudioError, exitCodes } from "../../errors.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../../operation/step.ts";
import type { DeployWork } from "../deploy-input.ts";
import { existingAncestor } from "../existing-ancestor.ts";

/** Room for logs, the journal and temporary files besides what is known to be written. */
const spareBytes = 200 * 1024 * 1024;

/** Looks for whatever would stop the deploy half-way, before anything is changed. */
export function preflightStep(work: DeployWork): Step {
  return {
    id: "preflight",
    title: "Check disk, port, configuration and models",
    kind: "refusal",
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      await checkConfiguration(work);
      const draft = work.input.fresh ? await work.draft() : null;
      checkHost(work, draft?.bytes ?? 0, run.note);
      for (const refusal of await work.place.target.refusals(work.release)) {
        throw new StudioError(refusal);
      }
      for (const remark of draft?.remarks ?? []) run.note(remark);
    },
  };
}

async function checkConfiguration({ place }: DeployWork): Promise<void> {
  const { checkVariables } = await import("../../config/variables.ts");
  const { project, variables } = place;
  const missing = checkVariables(project.settings, variables);
  if (missing.length === 0) return;
  throw new StudioError({
    code: "variables.missing",
    message: `Required variables are missing or empty: ${missing.join(", ")}.`,
    hint: `Set them in the environment${project.settings.variables.file === null ? "" : ` or in ${project.settings.variables.file}`}, then deploy again.`,
    exitCode: exitCodes.usage,
    details: { missing },
  });
}

function checkHost(work: DeployWork, written: number, note: (text: string) => void): void {
  const { paths } = work.place.desk;
  const { bavail, bsize } = statfsSync(existingAncestor(paths.root));
  const free = bavail * bsize;
  const { disk, memory } = work.release.settings.deploy.require;
  // What the configuration asks for is a wish; what will be written is a must.
  const needed = written + spareBytes;
  if (free < needed) {
    throw new StudioError({
      code: "disk.short",
      message: `${roughBytes(free)} are free on the disk of ${paths.root}; this deploy may need ${roughBytes(needed)}.`,
      hint: "Make room (`studio backup prune` removes old snapshots), then deploy again.",
      exitCode: exitCodes.unavailable,
      details: { free, needed },
    });
  }
  if (free < disk) note(`${roughBytes(free)} of disk are free; ${roughBytes(disk)} are wanted.`);
  if (totalmem() < memory) {
    note(`The host has ${roughBytes(totalmem())} of memory; ${roughBytes(memory)} are wanted.`);
  }
}
