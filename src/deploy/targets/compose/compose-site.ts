import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ComposeRelease, releaseFolder } from "../../release.ts";
import type { TargetInput } from "../target-input.ts";
import type { Colour } from "./colours.ts";
import { renderedFile } from "./compose-release.ts";
import type { Docker } from "./docker.ts";
import type { Proxy } from "./proxies/proxy.ts";
import { type StackConfig, maskStack } from "./stack-config.ts";

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

/** What was rendered, and so what its containers may write: its secrets are masked from then on. */
export function readRendered(
  site: ComposeSite,
  release: ComposeRelease,
  colour: Colour = "blue",
): StackConfig {
  const text = readFileSync(renderedPath(site, release, colour), "utf8");
  const config = JSON.parse(text) as StackConfig;
  maskStack(config, site.input.onSecret);
  return config;
}

/** For who shows what its containers wrote; of a release that was not kept nothing is known. */
export function maskRelease(site: ComposeSite, release: ComposeRelease): void {
  if (existsSync(renderedPath(site, release, "blue"))) readRendered(site, release);
}

/** `docker compose` with the file that was rendered for a release, in one colour. */
export function rendered(site: ComposeSite, release: ComposeRelease, colour: Colour): string[] {
  return ["compose", "-p", release.compose.project, "-f", renderedPath(site, release, colour)];
}
