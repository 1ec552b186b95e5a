import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Draft, ReleaseKeeper } from "../../release-keeper.ts";
import { type ComposeRelease, type StackImage, releaseFile } from "../../release.ts";
import type { TargetInput } from "../target-input.ts";
import { colours, labels } from "./colours.ts";
import { asCompose, renderedFile, switchedServices } from "./compose-release.ts";
import { type Container, listContainers } from "./containers.ts";
import type { Docker } from "./docker.ts";
import { type StackParts, discardStack, keepStack } from "./keep-stack.ts";
import { damagedFile, damagedImage, hashOf, removeTags } from "./kept-stack.ts";
import { type StackDraft, readStack } from "./read-stack.ts";
import { definitionHash, renderStack } from "./render.ts";
import type { ServiceDefinition } from "./stack-config.ts";

/** A release is its rendered Compose files, its migrations, and images under tags of its own. */
export function composeReleases(input: TargetInput, docker: Docker): ReleaseKeeper {
  const { paths } = input;
  return {
    read: () => readStack(docker, input),
    keep: async (run, release, draft) =>
      keepStack(
        { input, docker, run },
        partsOf(docker, asCompose(release), (await draft()) as StackDraft),
      ),
    isKept: (release) => existsSync(releaseFile(paths, release.id)),
    async findDamage(release) {
      const { rendered, images } = asCompose(release).compose;
      return damagedFile(paths, release.id, rendered) ?? (await damagedImage(docker, images));
    },
    discard: (id, others, reach) =>
      discardStack(paths, id, reach, async (kept) => {
        await removeTags(docker, asCompose(kept).compose.project, others);
        reach("images-removed");
      }),
  };
}

function partsOf(docker: Docker, release: ComposeRelease, draft: StackDraft & Draft): StackParts {
  const { config } = draft;
  const switched = new Set(switchedServices(release));
  return {
    release,
    config,
    definition: { now: config, planned: release.compose.definition },
    keptImages: async () => keptBy(await listContainers(docker, config.name), switched),
    async judge({ images, facts }) {
      const { refuseImageSecrets } = await import("./audit/image-secrets.ts");
      refuseImageSecrets(config, facts);
      return (folder) => {
        const rendered = writeStacks(folder, release, images, draft);
        return { ...release, compose: { ...release.compose, images, rendered } };
      };
    },
  };
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
