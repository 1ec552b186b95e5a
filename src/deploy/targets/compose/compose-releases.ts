import { randomBytes } from "node:crypto";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reach } from "../../../operation/faults.ts";
import type { StepRun } from "../../../operation/step.ts";
import type { Draft, ReleaseKeeper } from "../../release-keeper.ts";
import {
  type ComposeRelease,
  type ReleaseRecord,
  type StackImage,
  releaseFile,
  releaseFolder,
} from "../../release.ts";
import type { TargetInput } from "../target-input.ts";
import { colours, labels } from "./colours.ts";
import { asCompose, renderedFile, switchedServices } from "./compose-release.ts";
import { type Container, listContainers } from "./containers.ts";
import type { Docker } from "./docker.ts";
import {
  beginFolder,
  damagedFile,
  damagedImage,
  hashOf,
  keptRecord,
  refuseChanged,
  removeTags,
  writeRecord,
} from "./kept-stack.ts";
import { type StackDraft, readStack } from "./read-stack.ts";
import { definitionHash, renderStack } from "./render.ts";
import type { ServiceDefinition } from "./stack-config.ts";

/** A release is its rendered Compose files, its migrations, and images under tags of its own. */
export function composeReleases(input: TargetInput, docker: Docker): ReleaseKeeper {
  const { paths } = input;
  return {
    read: () => readStack(docker, input),
    keep: async (run, release, draft) => {
      await keep(input, docker, run, asCompose(release), (await draft()) as StackDraft);
    },
    isKept: (release) => existsSync(releaseFile(paths, release.id)),
    async findDamage(release) {
      const { rendered, images } = asCompose(release).compose;
      return damagedFile(paths, release.id, rendered) ?? (await damagedImage(docker, images));
    },
    discard: (id, others, reach) => discard(input, docker, { id, others, reach }),
  };
}

async function keep(
  input: TargetInput,
  docker: Docker,
  run: StepRun,
  release: ComposeRelease,
  draft: StackDraft & Draft,
): Promise<void> {
  const { config } = draft;
  refuseChanged(config, release.compose.definition);
  const folder = releaseFolder(input.paths, release.id);
  const partial = `${folder}.building`;
  await run.effect("folder", () => beginFolder(partial, input, release));
  const { pinImages } = await import("./pin-images.ts");
  const switched = new Set(switchedServices(release));
  const buildFile = join(partial, "build.json");
  const containers = await listContainers(docker, config.name);
  const images = await run.effect("images", () =>
    pinImages({ docker, run, config, keptImage: keptBy(containers, switched), buildFile }),
  );
  const { refuseImageSecrets } = await import("./audit/image-secrets.ts");
  await refuseImageSecrets(docker, config, images);
  await run.effect("files", () => {
    rmSync(buildFile, { force: true });
    const rendered = writeStacks(partial, release, images, draft);
    writeRecord(partial, { ...release, compose: { ...release.compose, images, rendered } });
    renameSync(partial, folder);
  });
}

/** Of a service that is not switched, and whose definition did not change. */
function keptBy(containers: readonly Container[], switched: ReadonlySet<string>) {
  return (name: string, definition: ServiceDefinition): string | null => {
    if (switched.has(name)) return null;
    const container = containers.find(({ service, running }) => service === name && running);
    const same = container?.labels[labels.definition] === definitionHash(definition, switched);
    return same ? (container?.imageId ?? null) : null;
  };
}

function writeStacks(
  folder: string,
  release: ComposeRelease,
  images: Record<string, StackImage>,
  { config, directory }: StackDraft,
): Record<string, string> {
  const { id, environment, compose } = release;
  const rendered: Record<string, string> = {};
  const probeToken = randomBytes(32).toString("base64url");
  for (const colour of colours) {
    const { services } = compose;
    const stack = renderStack(
      { config, services, images, release: id, environment, directory, probeToken },
      colour,
    );
    const text = `${JSON.stringify(stack, null, 2)}\n`;
    writeFileSync(join(folder, renderedFile(colour)), text, { mode: 0o600, flush: true });
    rendered[renderedFile(colour)] = hashOf(text);
  }
  return rendered;
}

async function discard(
  { paths }: TargetInput,
  docker: Docker,
  { id, others, reach }: { id: string; others: readonly ReleaseRecord[]; reach: Reach },
): Promise<void> {
  const folder = releaseFolder(paths, id);
  const kept = keptRecord(paths, id);
  if (kept !== null) {
    await removeTags(docker, asCompose(kept).compose.project, others);
    reach("images-removed");
  }
  for (const one of [`${folder}.building`, folder]) {
    rmSync(one, { recursive: true, force: true });
  }
  reach("folder-removed");
}
