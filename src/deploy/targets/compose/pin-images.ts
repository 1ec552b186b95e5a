import { writeFileSync } from "node:fs";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import type { StackImage } from "../../release.ts";
import type { Docker } from "./docker.ts";
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
  digests: string[];
}

/**
 * Pulls or builds what each service runs, before anything is stopped, and gives it a tag of
 * studio's own, so that what a registry, a build or a prune does later changes no release.
 */
export async function pinImages(input: PinInput): Promise<Record<string, StackImage>> {
  const { config } = input;
  const built = Object.entries(config.services).filter(([, one]) => isBuilt(one));
  await build(input, built);
  const pinned: Record<string, StackImage> = {};
  for (const [name, definition] of Object.entries(config.services)) {
    const found = await resolveImage(input, name, definition);
    const tag = `studio/${config.name}-${name}:${found.id.replace("sha256:", "").slice(0, 12)}`;
    await input.docker.ask(["tag", found.id, tag]);
    pinned[name] = {
      reference: isBuilt(definition) ? null : (definition.image ?? null),
      pinned: tag,
      id: found.id,
      digest: digestFor(definition.image ?? "", found.digests),
    };
  }
  return pinned;
}

/** A service may say both; a digest cannot be built. */
function isBuilt({ build, image }: ServiceDefinition): boolean {
  return build !== undefined && image?.includes("@sha256:") !== true;
}

const builtTag = (config: StackConfig, name: string): string =>
  `studio/${config.name}-${name}:building`;

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

async function resolveImage(
  input: PinInput,
  name: string,
  definition: ServiceDefinition,
): Promise<Found> {
  const { docker, config } = input;
  if (isBuilt(definition)) return present(docker, builtTag(config, name), name);
  const kept = input.keptImage(name, definition);
  if (kept !== null) return present(docker, kept, name);
  const reference = definition.image ?? "";
  const local = await inspect(docker, reference);
  if (isToBePulled(definition, local)) {
    await docker.act(input.run, ["pull", "-q", reference], {
      failing: `The image of ${name} could not be pulled`,
    });
  }
  return present(docker, reference, name);
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

async function present(docker: Docker, reference: string, name: string): Promise<Found> {
  const found = await inspect(docker, reference);
  if (found !== null) return found;
  throw new StudioError({
    code: "image.missing",
    message: `The image ${reference} of the service ${name} is not here.`,
    hint: "Pull it, load it, or build it, then deploy again.",
    exitCode: exitCodes.unavailable,
  });
}

export async function inspect(docker: Docker, reference: string): Promise<Found | null> {
  const format = '{"id":{{json .Id}},"digests":{{json .RepoDigests}}}';
  const { exitCode, stdout } = await docker.attempt([
    "image",
    "inspect",
    "--format",
    format,
    reference,
  ]);
  if (exitCode !== 0) return null;
  const { id, digests } = JSON.parse(stdout) as { id: string; digests: string[] | null };
  return { id, digests: digests ?? [] };
}

function digestFor(reference: string, digests: readonly string[]): string | null {
  const name = reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return digests.find((one) => one.startsWith(`${name}@`)) ?? digests[0] ?? null;
}
