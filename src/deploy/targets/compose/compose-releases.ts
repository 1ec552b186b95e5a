import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { Reach } from "../../../operation/faults.ts";
import type { StepRun } from "../../../operation/step.ts";
import { liveMigrationFolders } from "../../project-folders.ts";
import type { Draft, ReleaseKeeper } from "../../release-keeper.ts";
import {
  type ComposeRelease,
  type ReleaseRecord,
  type StackImage,
  readReleaseRecord,
  releaseFile,
  releaseFolder,
} from "../../release.ts";
import type { TargetInput } from "../target-input.ts";
import type { ImageFacts } from "./audit/image-secrets.ts";
import { colours } from "./colours.ts";
import { asCompose, migrationPlaces, renderedFile, switchedServices } from "./compose-release.ts";
import { listContainers } from "./containers.ts";
import { isDefinition } from "./definition.ts";
import type { Docker } from "./docker.ts";
import { type StackDraft, readStack } from "./read-stack.ts";
import { renderStack } from "./render.ts";
import type { StackConfig } from "./stack-config.ts";

/** A release is its rendered Compose files, its migrations, and images under tags of its own. */
export function composeReleases(input: TargetInput, docker: Docker): ReleaseKeeper {
  const { paths } = input;
  return {
    read: () => readStack(docker, input),
    keep: async (run, release, draft) => {
      await keep(input, docker, run, asCompose(release), (await draft()) as StackDraft);
    },
    isKept: (release) => existsSync(releaseFile(paths, release.id)),
    findDamage: (release) => findDamage(input, docker, asCompose(release)),
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
  refuseChanged(release, draft);
  const folder = releaseFolder(input.paths, release.id);
  const partial = `${folder}.building`;
  await run.effect("folder", () => {
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true, mode: 0o700 });
    writeRecord(partial, release);
    keepMigrations(input, partial);
  });
  const { pinImages } = await import("./pin-images.ts");
  const switched = new Set(switchedServices(release));
  const buildFile = join(partial, "build.json");
  const containers = await listContainers(docker, config.name);
  const images = await run.effect("images", () =>
    pinImages({ docker, run, config, containers, switched, buildFile }),
  );
  await refuseImageSecrets(docker, config, images);
  await run.effect("files", () => {
    rmSync(buildFile, { force: true });
    const rendered = writeStacks(partial, release, images, draft);
    writeRecord(partial, { ...release, compose: { ...release.compose, images, rendered } });
    renameSync(partial, folder);
  });
}

/** Only now all images are here. */
async function refuseImageSecrets(
  docker: Docker,
  config: StackConfig,
  images: Record<string, StackImage>,
): Promise<void> {
  const { imageFacts, imageSecrets } = await import("./audit/image-secrets.ts");
  const { refuseDefaultSecrets } = await import("./audit/refuse-default-secrets.ts");
  const found = new Map<string, ImageFacts>();
  const asked = Object.entries(images).map(async ([name, { pinned }]) => {
    const facts = await imageFacts(docker, pinned);
    if (facts !== null) found.set(name, facts);
  });
  await Promise.all(asked);
  refuseDefaultSecrets(imageSecrets(config, found));
}

/** A resume must not finish with another stack than was planned. */
function refuseChanged({ compose }: ComposeRelease, { config }: StackDraft): void {
  if (isDefinition(config, compose.definition)) return;
  throw new StudioError({
    code: "release.changed",
    message: "The Compose files, or variables they use, changed since this deploy was planned.",
    hint: "`studio abort`, then `studio deploy` with what is here now.",
    exitCode: exitCodes.undone,
  });
}

function keepMigrations(input: TargetInput, folder: string): void {
  for (const { folder: from, origin } of liveMigrationFolders(input)) {
    if (existsSync(from)) cpSync(from, join(folder, migrationPlaces[origin]), { recursive: true });
  }
}

function writeStacks(
  folder: string,
  release: ComposeRelease,
  images: Record<string, StackImage>,
  { config, directory }: StackDraft,
): Record<string, string> {
  const { id, environment, compose } = release;
  const rendered: Record<string, string> = {};
  for (const colour of colours) {
    const { services } = compose;
    const stack = renderStack(
      { config, services, images, release: id, environment, directory },
      colour,
    );
    const text = `${JSON.stringify(stack, null, 2)}\n`;
    writeFileSync(join(folder, renderedFile(colour)), text, { mode: 0o600, flush: true });
    rendered[renderedFile(colour)] = hashOf(text);
  }
  return rendered;
}

function writeRecord(folder: string, release: ComposeRelease): void {
  const text = `${JSON.stringify(release, null, 2)}\n`;
  writeFileSync(join(folder, "release.json"), text, { mode: 0o600, flush: true });
}

const hashOf = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex");

async function findDamage(
  { paths }: TargetInput,
  docker: Docker,
  release: ComposeRelease,
): Promise<string | null> {
  const folder = releaseFolder(paths, release.id);
  for (const [name, hash] of Object.entries(release.compose.rendered)) {
    const file = join(folder, name);
    if (!existsSync(file) || hashOf(readFileSync(file)) !== hash) return `${file} has changed`;
  }
  const { inspect } = await import("./pin-images.ts");
  for (const [service, { pinned, id }] of Object.entries(release.compose.images)) {
    const found = await inspect(docker, pinned);
    if (found === null) return `the image of ${service}, ${pinned}, is no longer here`;
    if (found.id !== id) return `the tag ${pinned} names another image`;
  }
  return null;
}

async function discard(
  { paths }: TargetInput,
  docker: Docker,
  { id, others, reach }: { id: string; others: readonly ReleaseRecord[]; reach: Reach },
): Promise<void> {
  const folder = releaseFolder(paths, id);
  const project = projectOf(paths, id);
  if (project !== null) {
    const used = new Set(others.flatMap(tagsOf));
    const { stdout } = await docker.attempt([
      "image",
      "ls",
      "--filter",
      `reference=studio/${project}-*`,
      "--format",
      "{{.Repository}}:{{.Tag}}",
    ]);
    const tags = stdout.split("\n").filter((tag) => tag !== "" && !used.has(tag));
    // A tag that a container still uses is refused, and goes with a later release.
    if (tags.length > 0) await docker.attempt(["image", "rm", ...tags]);
    reach("images-removed");
  }
  for (const one of [`${folder}.building`, folder]) {
    rmSync(one, { recursive: true, force: true });
  }
  reach("folder-removed");
}

function projectOf(paths: TargetInput["paths"], id: string): string | null {
  for (const name of [id, `${id}.building`]) {
    if (!existsSync(join(releaseFolder(paths, name), "release.json"))) continue;
    return asCompose(readReleaseRecord(paths, name)).compose.project;
  }
  return null;
}

function tagsOf(release: ReleaseRecord): string[] {
  if (release.target !== "compose") return [];
  return Object.values(release.compose.images).map(({ pinned }) => pinned);
}
