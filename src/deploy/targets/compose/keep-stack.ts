import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Reach } from "../../../operation/faults.ts";
import type { StepRun } from "../../../operation/step.ts";
import type { StatePaths } from "../../../state.ts";
import { type ReleaseRecord, releaseFolder } from "../../release.ts";
import type { TargetInput } from "../target-input.ts";
import type { Docker } from "./docker.ts";
import { beginFolder, keptRecord, refuseChanged, writeRecord } from "./kept-stack.ts";
import type { PinInput, PinnedImages } from "./pin-images.ts";
import type { StackConfig } from "./stack-config.ts";

/** What a release of a stack is made of, whoever runs it. */
export interface StackParts {
  release: ReleaseRecord;
  config: StackConfig;
  /** All that would make it another one, and what was planned. */
  definition: { now: unknown; planned: string };
  /** Finds the images of services that go on as they are. */
  keptImages: () => Promise<PinInput["keptImage"]>;
  /**
   * Called when all images are here, which can be looked at only then.
   * @returns what writes the release's files into a folder, and completes its record
   * @throws StudioError (exit 2) for what must not run
   */
  judge: (pinned: PinnedImages) => Promise<(folder: string) => ReleaseRecord>;
}

/** Keeps a release: in a folder with another name until all of it is there. */
export async function keepStack(
  { input, docker, run }: { input: TargetInput; docker: Docker; run: StepRun },
  { release, config, definition, keptImages, judge }: StackParts,
): Promise<void> {
  refuseChanged(definition.now, definition.planned);
  const folder = releaseFolder(input.paths, release.id);
  const partial = `${folder}.building`;
  await run.effect("folder", () => beginFolder(partial, input, release));
  const { pinImages } = await import("./pin-images.ts");
  const buildFile = join(partial, "build.json");
  const keptImage = await keptImages();
  const pinned = await run.effect("images", () =>
    pinImages({ docker, run, config, keptImage, buildFile }),
  );
  const write = await judge(pinned);
  await run.effect("files", () => {
    rmSync(buildFile, { force: true });
    writeRecord(partial, write(partial));
    renameSync(partial, folder);
  });
}

/** @param release gives back what the engine has of it; not called where nothing was kept */
export async function discardStack(
  paths: StatePaths,
  id: string,
  reach: Reach,
  release: (kept: ReleaseRecord) => Promise<void>,
): Promise<void> {
  const kept = keptRecord(paths, id);
  if (kept !== null) await release(kept);
  const folder = releaseFolder(paths, id);
  for (const one of [`${folder}.building`, folder]) {
    rmSync(one, { recursive: true, force: true });
  }
  reach("folder-removed");
}
