import { existsSync } from "node:fs";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import { withContents } from "../../content/content-lock.ts";
import type { Draft, ReleaseKeeper } from "../../release-keeper.ts";
import type { ReleaseContent } from "../../release-content.ts";
import { type ReleaseRecord, codeFolder, releaseFile } from "../../release.ts";
import type { TargetInput } from "../target-input.ts";
import { asLocal } from "./local-release.ts";

interface LocalDraft extends Draft {
  content: ReleaseContent;
}

/** Code, models and migrations, kept by content in `.studio/releases/`. */
export function localReleases(input: TargetInput): ReleaseKeeper {
  const { paths } = input;
  return {
    read: () => readDraft(input),
    keep: async (run, release, draft) => keep(input, run, release, (await draft()) as LocalDraft),
    isKept: (release) =>
      existsSync(releaseFile(paths, release.id)) &&
      existsSync(codeFolder(paths, asLocal(release).code.digest)),
    async findDamage(release) {
      const { findDamage } = await import("../../content/find-damage.ts");
      return findDamage(paths, asLocal(release));
    },
    async discard(id, others, reach) {
      const { discardRelease } = await import("../../release-content.ts");
      const used = others.flatMap((one) => (one.target === "local" ? [one.code.digest] : []));
      await withContents(paths, () => discardRelease(paths, id, new Set(used), reach));
    },
  };
}

async function readDraft({ paths, project }: TargetInput): Promise<LocalDraft> {
  const { readReleaseContent } = await import("../../release-content.ts");
  const content = await readReleaseContent(paths, project);
  const { digest, fingerprint, bytes, entry, migrations } = content.code;
  const { host, port } = project.settings.serve;
  return {
    parts: {
      target: "local",
      code: { digest, fingerprint, bytes, entry, migrations },
      address: { host, port },
      models: content.models.map(({ name, version, sha256, source }) => ({
        name,
        version,
        sha256,
        source,
      })),
    },
    remarks: [],
    bytes,
    content,
  };
}

async function keep(
  { paths }: TargetInput,
  run: StepRun,
  release: ReleaseRecord,
  { content }: LocalDraft,
): Promise<void> {
  const record = asLocal(release);
  refuseChanged(record.code.digest, content.code.digest);
  const { buildRelease, keepReleaseContent } = await import("../../release-content.ts");
  await withContents(paths, async () => {
    await run.effect("contents", (reach) => keepReleaseContent(paths, content, reach));
    await run.effect("folder", (reach) => buildRelease(paths, content, record, reach));
  });
}

/** A resume must not finish with other code than was planned, and maybe gated. */
function refuseChanged(planned: string, found: string): void {
  if (planned === found) return;
  throw new StudioError({
    code: "release.changed",
    message: "The code in the project changed since this deploy was planned.",
    hint: "`studio abort`, then `studio deploy` with the code that is here now.",
    exitCode: exitCodes.undone,
  });
}
