import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { planStackState } from "../../../initialise/stack-state.ts";
import { packageRoot } from "../../../package-root.ts";
import type { TargetInput } from "../target-input.ts";
import { type StackConfig, proxyFolder } from "./stack-config.ts";

/**
 * Makes what studio's own stack mounts from `.studio/` where it is lacking, as on a host that was
 * empty before: a certificate to begin with, files for the proxy. What is there stays; the token that
 * Prometheus is given follows the variables.
 */
export async function writeMountedState(input: TargetInput, renderedFile: string): Promise<void> {
  const config = JSON.parse(readFileSync(renderedFile, "utf8")) as StackConfig;
  const files = await planMountedState(input, config);
  if (files.length === 0) return;
  const { writeStartingFiles } = await import("../../../initialise/write-starting-files.ts");
  writeStartingFiles(files);
}

/** What a plan says of all that a stack mounts and that is not there. */
export async function remarksOnMounts(input: TargetInput, config: StackConfig): Promise<string[]> {
  const files = await planMountedState(input, config);
  const made = files.filter(({ action }) => action === "write").map(({ path }) => path);
  const willBe = (source: string) =>
    existsSync(source) || made.some((path) => path === source || path.startsWith(`${source}/`));
  const absent = mountsOf(config).filter(
    ({ source }) => source !== proxyFolder(input) && !willBe(source),
  );
  return [
    ...remarkOnCertificate(input, made),
    ...absent.map(
      ({ service, source }) =>
        `${service} mounts ${shown(input, source)}, which is not there: Docker makes an empty folder of it.`,
    ),
  ];
}

function remarkOnCertificate(input: TargetInput, made: readonly string[]): string[] {
  const path = made.find((one) => one.endsWith("/fullchain.pem"));
  if (path === undefined) return [];
  return [
    `There is no certificate yet: one for ${domainOf(input)} is made, signed by itself, which browsers refuse. Put yours in ${shown(input, join(path, ".."))}.`,
  ];
}

const shown = ({ project }: TargetInput, path: string): string => {
  const below = relative(project.directory, path);
  return below.startsWith("..") ? path : below;
};

const domainOf = ({ project }: TargetInput): string => project.settings.domains[0] ?? "localhost";

/** Folders of studio's own stack, as it mounts them: an operator's own has but the proxy's. */
async function planMountedState(
  input: TargetInput,
  config: StackConfig,
): Promise<ReturnType<typeof planStackState>> {
  const { root } = input.paths;
  const mounted = mountsOf(config).map(({ source }) => relative(root, source).split("/"));
  const nameOf = (kind: string) => mounted.find((parts) => parts[0] === kind)?.[1] ?? null;
  const folders = { certificates: nameOf("certificates"), secrets: nameOf("secrets") };
  const isOwn = mounted.some(([kind = ""]) =>
    ["certificates", "secrets", "metrics"].includes(kind),
  );
  if (!isOwn) return [];
  const { planStackState: plan } = await import("../../../initialise/stack-state.ts");
  return plan({
    folder: input.project.directory,
    templates: join(packageRoot, "templates"),
    environment: input.project.environment,
    folders,
    domain: domainOf(input),
    metricsToken: input.variables["STUDIO_METRICS_TOKEN"] ?? "",
    now: new Date(),
  });
}

function mountsOf({ services }: StackConfig): { service: string; source: string }[] {
  const all = Object.entries(services).flatMap(([service, { volumes = [] }]) =>
    volumes.flatMap(({ type, source }) =>
      type === "bind" && source !== undefined ? [{ service, source }] : [],
    ),
  );
  return [...new Map(all.map((one) => [one.source, one])).values()];
}
