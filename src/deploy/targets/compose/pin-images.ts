import { writeFileSync } from "node:fs";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import type { StackImage } from "../../release.ts";
import { type ImageFacts, type WrittenFacts, readFacts } from "./audit/image-secrets.ts";
import type { Docker } from "./docker.ts";
import { ownImage } from "./own-images.ts";
import type { ServiceDefinition, StackConfig } from "./stack-config.ts";

export interface PinInput {
  docker: Docker;
  run: StepRun;
  config: StackConfig;
  /** The image of a service that goes on as it is: it stays although its tag may have moved. */
  keptImage: (name: string, definition: ServiceDefinition) => string | null;
  /** Where the file for Compose's build may be written. */
  buildFile: string;
}

interface Found {
  id: string;
  tags: string[];
  digests: string[];
  facts: ImageFacts;
}

export interface PinnedImages {
  /** By the service's name, as are the facts. */
  images: Record<string, StackImage>;
  facts: Map<string, ImageFacts>;
}

/**
 * Pulls or builds what each service runs, before anything is stopped, and gives it a tag of
 * studio's own, so that what a registry, a build or a prune does later changes no release.
 */
export async function pinImages(input: PinInput): Promise<PinnedImages> {
  const { config, docker } = input;
  const services = Object.entries(config.services);
  await build(
    input,
    services.filter(([, one]) => isBuilt(one)),
  );
  const here = await inspectAll(
    docker,
    services.map(([name, definition]) => referenceOf(input, name, definition)),
  );
  const found: Found[] = [];
  for (const [index, [name, definition]] of services.entries()) {
    found.push(await resolveImage(input, name, definition, here[index] ?? null));
  }
  const pins = services.map(async ([name, definition], index) => {
    const { id, tags, digests } = found[index] as Found;
    const tag = `${ownImage(config.name, name)}:${id.replace("sha256:", "").slice(0, 12)}`;
    if (!tags.includes(tag)) await docker.ask(["tag", id, tag]);
    const image: StackImage = {
      reference: isBuilt(definition) ? null : (definition.image ?? null),
      pinned: tag,
      id,
      digest: digestFor(definition.image ?? "", digests),
    };
    return [name, image] as const;
  });
  const facts = services.map(([name], index) => [name, (found[index] as Found).facts] as const);
  return { images: Object.fromEntries(await Promise.all(pins)), facts: new Map(facts) };
}

/** A service may say both; a digest cannot be built. */
function isBuilt({ build, image }: ServiceDefinition): boolean {
  return build !== undefined && image?.includes("@sha256:") !== true;
}

const builtTag = (config: StackConfig, name: string): string =>
  `${ownImage(config.name, name)}:building`;

async function build(
  { docker, run, config, buildFile }: PinInput,
  services: [string, ServiceDefinition][],
): Promise<void> {
  if (services.length === 0) return;
  const only = services.map(([name, one]) => [
    name,
    { build: one.build, image: builtTag(config, name) },
  ]);
  const file = { ...config, services: Object.fromEntries(only) };
  writeFileSync(buildFile, JSON.stringify(file), { mode: 0o600 });
  const names = services.map(([name]) => name);
  await docker.act(run, ["compose", "-p", config.name, "-f", buildFile, "build", ...names], {
    failing: `${names.join(", ")} could not be built`,
  });
}

/** How the engine is asked for what a service is to run. */
function referenceOf(input: PinInput, name: string, definition: ServiceDefinition): string {
  if (isBuilt(definition)) return builtTag(input.config, name);
  return input.keptImage(name, definition) ?? definition.image ?? "";
}

/** @param here what the engine has by that reference */
async function resolveImage(
  input: PinInput,
  name: string,
  definition: ServiceDefinition,
  here: Found | null,
): Promise<Found> {
  const { docker } = input;
  const reference = referenceOf(input, name, definition);
  if (reference !== definition.image || !isToBePulled(definition, here)) {
    return here ?? missing(reference, name);
  }
  await docker.act(input.run, ["pull", "-q", reference], {
    failing: `The image of ${name} could not be pulled`,
  });
  return (await inspect(docker, reference)) ?? missing(reference, name);
}

/** What was never in a registry is not looked for in one, and a digest is what it is. */
function isToBePulled(
  { image = "", pull_policy }: ServiceDefinition,
  local: Found | null,
): boolean {
  if (pull_policy === "never") return false;
  if (local === null || pull_policy === "always") return true;
  if (pull_policy === "missing" || pull_policy === "if_not_present") return false;
  return local.digests.length > 0 && !image.includes("@sha256:");
}

function missing(reference: string, name: string): never {
  throw new StudioError({
    code: "image.missing",
    message: `The image ${reference} of the service ${name} is not here.`,
    hint: "Pull it, load it, or build it, then deploy again.",
    exitCode: exitCodes.unavailable,
  });
}

/** Of each reference; null where the engine has none by it. */
async function inspectAll(
  docker: Docker,
  references: readonly string[],
): Promise<(Found | null)[]> {
  const different = [...new Set(references)];
  // Where one is missing the engine does not say which of them it tells of.
  const found =
    (await inspectThese(docker, different)) ??
    (await Promise.all(different.map((one) => inspect(docker, one))));
  return references.map((one) => found[different.indexOf(one)] ?? null);
}

export async function inspect(docker: Docker, reference: string): Promise<Found | null> {
  const [found] = (await inspectThese(docker, [reference])) ?? [];
  return found ?? null;
}

/** In the order of the references; null where one of them is not here. */
async function inspectThese(
  docker: Docker,
  references: readonly string[],
): Promise<Found[] | null> {
  if (references.length === 0) return [];
  const format =
    '{"id":{{json .Id}},"tags":{{json .RepoTags}},"digests":{{json .RepoDigests}},"config":{{json .Config}}}';
  const argv = ["image", "inspect", "--format", format, ...references];
  const { exitCode, stdout } = await docker.attempt(argv);
  return exitCode === 0 ? stdout.trim().split("\n").map(readFound) : null;
}

function readFound(line: string): Found {
  const { id, tags, digests, config } = JSON.parse(line) as Record<
    "tags" | "digests",
    string[] | null
  > & {
    id: string;
    config: WrittenFacts;
  };
  return { id, tags: tags ?? [], digests: digests ?? [], facts: readFacts(config) };
}

function digestFor(reference: string, digests: readonly string[]): string | null {
  const name = reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return digests.find((one) => one.startsWith(`${name}@`)) ?? digests[0] ?? null;
}
