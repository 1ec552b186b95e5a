import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import { homeOfCopy } from "../../../remote/host/home.ts";
import type { ReleaseKeeper } from "../../release-keeper.ts";
import {
  type ReleaseRecord,
  type StackImage,
  type SwarmRelease,
  releaseFile,
  releaseFolder,
} from "../../release.ts";
import type { TargetInput } from "../target-input.ts";
import { labels } from "../compose/colours.ts";
import type { Docker } from "../compose/docker.ts";
import { type StackParts, discardStack, keepStack } from "../compose/keep-stack.ts";
import type { PinnedImages } from "../compose/pin-images.ts";
import { damagedFile, damagedImage, hashOf, removeTags } from "../compose/kept-stack.ts";
import { definitionHash } from "../compose/render.ts";
import { imageTraits } from "./image-traits.ts";
import { ensureNameKey, objectKinds, objectName } from "./objects.ts";
import { type SwarmDraft, definedBy, readSwarmStack } from "./read-swarm-stack.ts";
import { renderStack } from "./render-stack.ts";
import { listServices } from "./services.ts";
import { readyNodes } from "./swarm-facts.ts";
import { asSwarm, objectFile, renderedFile, switchedServices } from "./swarm-release.ts";

/** A release is its rendered files, what its secrets and configs hold, its migrations and images. */
export function swarmReleases(input: TargetInput, docker: Docker): ReleaseKeeper {
  const { paths } = input;
  return {
    read: () => readSwarmStack(docker, input),
    keep: async (run, release, draft) => {
      const keeping = { input, docker, run };
      await keepStack(keeping, partsOf(keeping, asSwarm(release), (await draft()) as SwarmDraft));
    },
    isKept: (release) => existsSync(releaseFile(paths, release.id)),
    async findDamage(release) {
      const { rendered, images } = asSwarm(release).swarm;
      return damagedFile(paths, release.id, rendered) ?? (await damagedImage(docker, images));
    },
    discard: (id, others, reach) =>
      discardStack(paths, id, reach, async (kept) => {
        await removeTags(docker, asSwarm(kept).swarm.name, others);
        reach("images-removed");
        await removeObjects(input, docker, others);
        reach("objects-removed");
      }),
  };
}

interface Keeping {
  input: TargetInput;
  docker: Docker;
  run: StepRun;
}

function partsOf(
  { input, docker, run }: Keeping,
  release: SwarmRelease,
  draft: SwarmDraft,
): StackParts {
  const { config, objects } = draft;
  return {
    release,
    config,
    definition: { now: definedBy(config, objects), planned: release.swarm.definition },
    async keptImages() {
      const kept = await keptImages(docker, release, draft);
      return (name) => kept.get(name) ?? null;
    },
    async judge({ images, facts }) {
      await refuseImages(docker, draft, release, { images, facts });
      const key = await run.effect("names", () => ensureNameKey(input.paths));
      return (folder) => {
        const written = writeStack(input, folder, { release, draft, images, key });
        return { ...release, swarm: { ...release.swarm, images, ...written } };
      };
    },
  };
}

/** Of services that are not switched, and whose definition did not change. */
async function keptImages(
  docker: Docker,
  release: SwarmRelease,
  { config }: SwarmDraft,
): Promise<Map<string, string>> {
  const switched = new Set(switchedServices(release));
  const kept = new Map<string, string>();
  for (const { name, image, labels: own } of await listServices(docker, config.name)) {
    const definition = config.services[name];
    if (definition === undefined || switched.has(name)) continue;
    if (own[labels.written] !== definitionHash(definition, switched)) continue;
    // A task of it may have run on other nodes alone.
    if ((await imageTraits(docker, image)) !== null) kept.set(name, image);
  }
  return kept;
}

/** Only now all images are here: what they bring along can be looked at. */
async function refuseImages(
  docker: Docker,
  { config }: SwarmDraft,
  release: SwarmRelease,
  { images, facts }: PinnedImages,
): Promise<void> {
  const { refuseImageSecrets } = await import("../compose/audit/image-secrets.ts");
  refuseImageSecrets(config, facts);
  for (const name of switchedServices(release)) {
    if (config.services[name]?.healthcheck?.["test"] !== undefined) continue;
    const traits = await imageTraits(docker, images[name]?.pinned ?? "");
    if (traits?.checked === true) continue;
    throw new StudioError({
      code: "swarm.shape",
      message: `Neither ${name} nor its image has a health check, so Swarm could not tell that it does not work.`,
      hint: `Add services.${name}.healthcheck, then deploy again.`,
      exitCode: exitCodes.usage,
    });
  }
}

interface Written {
  release: SwarmRelease;
  draft: SwarmDraft;
  images: Record<string, StackImage>;
  /** Of the names of secrets and configs. */
  key: string;
}

function writeStack(
  input: TargetInput,
  folder: string,
  { release, draft, images, key }: Written,
): Pick<SwarmRelease["swarm"], "rendered" | "objects"> {
  const { config, facts } = draft;
  const { services, name: stack, monitor } = release.swarm;
  const objects = draft.objects.map((one) => ({ ...one, name: objectName(stack, one, key) }));
  const rendered: Record<string, string> = {};
  const write = (name: string, content: string | Buffer) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, name), content, { mode: 0o600, flush: true });
    rendered[name] = hashOf(content);
  };
  for (const { kind, key: name, content } of objects) {
    if (content !== null) write(objectFile(kind, name), content);
  }
  const files = renderStack({
    config,
    services,
    images: runningImages(draft, images),
    objects,
    monitor,
    release: release.id,
    environment: release.environment,
    directory: input.project.directory,
    folder: releaseFolder(input.paths, release.id),
    withoutVirtualAddress: facts.ipvs === false,
  });
  for (const [name, file] of Object.entries(files)) {
    write(renderedFile(name), `${JSON.stringify(file, null, 2)}\n`);
  }
  const own = objects.flatMap(({ content, name }) => (content === null ? [] : [name]));
  return { rendered, objects: own };
}

/**
 * By digest where a registry knows it, for every node. What is on this node alone has a tag that no
 * build moves; what the operator brought to each has the one he gave it there.
 */
function runningImages({ config, facts }: SwarmDraft, images: Record<string, StackImage>) {
  const alone = readyNodes(facts).length < 2;
  return Object.fromEntries(
    Object.entries(images).map(([name, { digest, pinned, reference }]) => {
      const loaded = config.services[name]?.pull_policy === "never" && !alone;
      return [name, loaded ? (reference ?? pinned) : (digest ?? pinned)];
    }),
  );
}

/** Secrets and configs of this environment that no release needs; a service's own are refused. */
async function removeObjects(
  { project }: TargetInput,
  docker: Docker,
  others: readonly ReleaseRecord[],
): Promise<void> {
  const needed = new Set(
    others.flatMap((one) => (one.target === "swarm" ? one.swarm.objects : [])),
  );
  const own = {
    [labels.environment]: project.environment,
    [labels.directory]: homeOfCopy(project.directory),
  };
  const filters = Object.entries(own).flatMap(([key, value]) => [
    "--filter",
    `label=${key}=${value}`,
  ]);
  for (const kind of objectKinds) {
    const word = kind.slice(0, -1);
    const argv = [word, "ls", "--format", "{{.Name}}", ...filters];
    const { exitCode, stdout } = await docker.attempt(argv);
    const names = stdout.split("\n").filter((name) => name !== "" && !needed.has(name));
    // One by one: some of them may be in use by a service that is not gone yet.
    for (const name of exitCode === 0 ? names : []) await docker.attempt([word, "rm", name]);
  }
}
