import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ComposeStack } from "../../../src/deploy/release.ts";
import type { TestProject } from "../studio.ts";

/** What was kept of a release of a stack. */
export function releaseRecord({ directory }: TestProject, release: string): ComposeStack {
  const file = join(directory, ".studio", "releases", release, "release.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { compose: ComposeStack }).compose;
}
