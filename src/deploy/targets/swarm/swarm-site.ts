import { join } from "node:path";
import { type SwarmRelease, releaseFolder } from "../../release.ts";
import type { Docker } from "../compose/docker.ts";
import type { TargetInput } from "../target-input.ts";
import { renderedFile } from "./swarm-release.ts";

/** What every act on a stack of Swarm's needs. */
export interface SwarmSite {
  input: TargetInput;
  docker: Docker;
}

export const renderedPath = ({ input }: SwarmSite, release: SwarmRelease, service: string) =>
  join(releaseFolder(input.paths, release.id), renderedFile(service));
