import { join } from "node:path";
import { type ComposeRelease, releaseFolder } from "../../release.ts";
import type { TargetInput } from "../target-input.ts";
import type { Colour } from "./colours.ts";
import { renderedFile } from "./compose-release.ts";
import type { Docker } from "./docker.ts";
import type { Proxy } from "./proxies/proxy.ts";

/** What every act on a stack needs. */
export interface ComposeSite {
  input: TargetInput;
  docker: Docker;
  /** The proxy that a release runs behind: its own, whatever the settings name now. */
  proxyOf(release: ComposeRelease): Proxy;
}

export const renderedPath = (
  { input }: ComposeSite,
  release: ComposeRelease,
  colour: Colour,
): string => join(releaseFolder(input.paths, release.id), renderedFile(colour));

/** `docker compose` with the file that was rendered for a release, in one colour. */
export function rendered(site: ComposeSite, release: ComposeRelease, colour: Colour): string[] {
  return ["compose", "-p", release.compose.project, "-f", renderedPath(site, release, colour)];
}
