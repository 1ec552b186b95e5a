import { readFileSync } from "node:fs";
import type { ComposeRelease } from "../../release.ts";
import type { VolumesFound } from "../../target.ts";
import { switchedServices } from "./compose-release.ts";
import { type ComposeSite, renderedPath } from "./compose-site.ts";
import { type VolumesText, declaredVolumes } from "./declared-volumes.ts";
import { findVolumes } from "./own-volumes.ts";
import { colourService } from "./render.ts";

/** The stack's own volumes, as the release has them. */
export async function volumesOf(site: ComposeSite, release: ComposeRelease): Promise<VolumesFound> {
  const { project } = release.compose;
  const file = JSON.parse(readFileSync(renderedPath(site, release, "blue"), "utf8")) as VolumesText;
  const switched = new Map(
    switchedServices(release).map((name) => [colourService(name, "blue"), name]),
  );
  return findVolumes(site.docker, {
    label: `com.docker.compose.project=${project}`,
    declared: declaredVolumes(project, [file], (service) => switched.get(service) ?? service),
  });
}
