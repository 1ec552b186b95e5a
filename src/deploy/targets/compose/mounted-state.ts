import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../../package-root.ts";
import type { TargetInput } from "../target-input.ts";
import { type StackConfig, proxyFolder } from "./stack-config.ts";

/**
 * Makes what studio's own stack mounts from `.studio/` where it is lacking, as on a host that was
 * empty before: a certificate to begin with, files for the proxy. What is there stays.
 */
export async function writeMountedState(input: TargetInput, renderedFile: string): Promise<void> {
  const config = JSON.parse(readFileSync(renderedFile, "utf8")) as StackConfig;
  if (!isLacking(input, config)) return;
  const { planStackState } = await import("../../../initialise/stack-state.ts");
  const { writeStartingFiles } = await import("../../../initialise/write-starting-files.ts");
  const { directory, environment, settings } = input.project;
  const files = planStackState({
    folder: directory,
    templates: join(packageRoot, "templates"),
    environment,
    domain: settings.domains[0] ?? "localhost",
    metricsToken: input.variables["STUDIO_METRICS_TOKEN"] ?? "",
    now: new Date(),
  });
  writeStartingFiles(files);
}

/** An operator's own stack mounts nothing of it but the proxy's folder. */
function isLacking(input: TargetInput, { services }: StackConfig): boolean {
  const own = proxyFolder(input);
  return Object.values(services)
    .flatMap(({ volumes = [] }) => volumes)
    .some(
      ({ type, source = "" }) =>
        type === "bind" &&
        source.startsWith(`${input.paths.root}/`) &&
        source !== own &&
        !existsSync(source),
    );
}
