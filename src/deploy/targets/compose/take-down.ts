import type { StepRun } from "../../../operation/step.ts";
import type { ComposeRelease } from "../../release.ts";
import { labels } from "./colours.ts";
import { drainOf } from "./compose-release.ts";
import { type ComposeSite, rendered } from "./compose-site.ts";
import { containersOf, listContainers } from "./containers.ts";
import { direct, proxyContainers } from "./direct-traffic.ts";

/** Ends every service of the stack, the public first. Volumes stay. */
export async function takeDown(
  site: ComposeSite,
  run: StepRun,
  release: ComposeRelease,
): Promise<void> {
  const { docker, input } = site;
  const { project } = release.compose;
  await direct(site, run, release, null);
  const containers = await proxyContainers(site, release);
  const patience = drainOf(release);
  const from = (await containersOf(docker, release)).flatMap(({ addresses }) => addresses);
  await run.effect("drain", () => site.proxyOf(release).drain({ containers, from, patience }));
  const coloured = (await listContainers(docker, project)).filter(
    (one) =>
      one.labels[labels.environment] === input.project.environment &&
      one.labels[labels.colour] !== undefined,
  );
  const ids = coloured.map(({ id }) => id);
  if (ids.length > 0) {
    await run.effect("stop", () => docker.act(run, ["stop", ...ids]));
    await run.effect("remove", () => docker.act(run, ["rm", "-f", ...ids]));
  }
  await run.effect("down", () =>
    docker.act(run, [...rendered(site, release, "blue"), "down"], {
      failing: `The stack ${project} could not be taken down`,
    }),
  );
}
