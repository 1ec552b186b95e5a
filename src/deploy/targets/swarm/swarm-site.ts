import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type SwarmRelease, releaseFile, releaseFolder } from "../../release.ts";
import type { Docker } from "../compose/docker.ts";
import { maskStack } from "../compose/stack-config.ts";
import type { TargetInput } from "../target-input.ts";
import { maskObject } from "./objects.ts";
import type { RenderedService } from "./render-stack.ts";
import { objectFile, renderedFile } from "./swarm-release.ts";

/** What every act on a stack of Swarm's needs. */
export interface SwarmSite {
  input: TargetInput;
  docker: Docker;
}

export const renderedPath = ({ input }: SwarmSite, release: SwarmRelease, service: string) =>
  join(releaseFolder(input.paths, release.id), renderedFile(service));

/** What was rendered, and so what its tasks may write: its secrets are masked from then on. */
export function readRendered(
  site: SwarmSite,
  release: SwarmRelease,
  service: string,
): RenderedService {
  const { paths, onSecret } = site.input;
  const file = JSON.parse(
    readFileSync(renderedPath(site, release, service), "utf8"),
  ) as RenderedService;
  maskStack(file, onSecret);
  for (const key of Object.keys(file.secrets)) {
    const held = join(releaseFolder(paths, release.id), objectFile("secrets", key));
    if (existsSync(held)) maskObject({ kind: "secrets", content: readFileSync(held) }, onSecret);
  }
  return file;
}

/** For who shows what its tasks wrote; of a release that was not kept nothing is known. */
export function maskRelease(site: SwarmSite, release: SwarmRelease): void {
  if (!existsSync(releaseFile(site.input.paths, release.id))) return;
  for (const { name } of release.swarm.services) readRendered(site, release, name);
}
