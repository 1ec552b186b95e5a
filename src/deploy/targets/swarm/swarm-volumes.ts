import { readFileSync } from "node:fs";
import type { SwarmRelease } from "../../release.ts";
import type { VolumesFound } from "../../target.ts";
import { type VolumesText, declaredVolumes } from "../compose/declared-volumes.ts";
import { findVolumes } from "../compose/own-volumes.ts";
import { stackLabel } from "./services.ts";
import { readSwarmFacts } from "./swarm-facts.ts";
import { type SwarmSite, renderedPath } from "./swarm-site.ts";

/** The stack's own volumes on this node; nobody can be asked from here for those of the others. */
export async function volumesOf(site: SwarmSite, release: SwarmRelease): Promise<VolumesFound> {
  const { name: stack, services } = release.swarm;
  const files = services.map(
    ({ name }) =>
      JSON.parse(readFileSync(renderedPath(site, release, name), "utf8")) as VolumesText,
  );
  const found = await findVolumes(site.docker, {
    label: `${stackLabel}=${stack}`,
    declared: declaredVolumes(stack, files, (service) => service),
  });
  const { nodes } = await readSwarmFacts(site.docker);
  return nodes.length <= 1 ? found : { ...found, remarks: [...found.remarks, elsewhere(stack)] };
}

const elsewhere = (stack: string): string =>
  `Volumes of ${stack} on other nodes stay: \`docker volume ls --filter label=${stackLabel}=${stack}\` shows them there.`;
