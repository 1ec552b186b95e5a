import type { StepRun } from "../../../operation/step.ts";
import type { ComposeRelease } from "../../release.ts";
import { awaitServices } from "./await-services.ts";
import { colourOf, labels } from "./colours.ts";
import { proxyDirectory, switchedServices } from "./compose-release.ts";
import { type ComposeSite, readRendered, rendered, renderedPath } from "./compose-site.ts";
import { listContainers } from "./containers.ts";
import { writeMountedState } from "./mounted-state.ts";
import { standsAsRendered } from "./stands-as-rendered.ts";

/** Only what changed is touched: else Compose compares each container with its definition. */
export async function startBacking(
  site: ComposeSite,
  run: StepRun,
  release: ComposeRelease,
): Promise<void> {
  const { docker } = site;
  const proxy = site.proxyOf(release);
  const { services, project } = release.compose;
  const names = services.flatMap(({ name, role }) => (role === "switched" ? [] : [name]));
  const containers = await listContainers(docker, project);
  const configured = proxy.configured();
  const serves = containers.some(
    (one) => one.running && one.labels[labels.release] === configured && configured !== null,
  );
  await run.effect("proxy-files", () =>
    proxy.prepare(switchedServices(release), serves, proxyDirectory(release)),
  );
  const colour = (configured === null ? null : colourOf(containers, configured)) ?? "blue";
  const file = renderedPath(site, release, colour);
  await run.effect("mounted", () => writeMountedState(site.input, file));
  const config = readRendered(site, release, colour);
  if (standsAsRendered(containers, config, names)) return;
  const argv = ["up", "-d", "--no-deps", "--no-build", "--pull", "never", ...names];
  await run.effect("up", async () => {
    await docker.act(run, [...rendered(site, release, colour), ...argv], {
      failing: `${names.join(", ")} did not all start`,
    });
    await awaitServices(docker, run, config, names);
  });
}
