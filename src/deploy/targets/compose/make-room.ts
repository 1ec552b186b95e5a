import type { StepRun } from "../../../operation/step.ts";
import type { ComposeRelease } from "../../release.ts";
import { labels } from "./colours.ts";
import type { ComposeSite } from "./compose-site.ts";
import { listContainers } from "./containers.ts";
import { direct } from "./direct-traffic.ts";
import { stayDown } from "./return-with-engine.ts";

/**
 * Ends the releases that hold what there is only one of: a host port, a name, an address. A proxy
 * tells the public so meanwhile. What they held is free then.
 */
export async function makeRoom(
  site: ComposeSite,
  run: StepRun,
  release: ComposeRelease,
): Promise<void> {
  const { docker } = site;
  const { project, gap } = release.compose;
  const others = (await listContainers(docker, project)).filter(
    (one) => one.labels[labels.colour] !== undefined && one.labels[labels.release] !== release.id,
  );
  const active = others.filter(({ status }) => status !== "exited" && status !== "created");
  if (active.length > 0) await direct(site, run, release, null);
  await stayDown(docker, run, others);
  if (active.length > 0) {
    await run.effect("stop-former", () => docker.act(run, ["stop", ...active.map(({ id }) => id)]));
  }
  const named = others.filter(({ name }) => gap?.names.includes(name) === true);
  if (named.length === 0) return;
  // One that is returned to is made anew from the same image.
  await run.effect("clear-name", () => docker.act(run, ["rm", "-f", ...named.map(({ id }) => id)]));
}
