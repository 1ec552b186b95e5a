import type { ComposeRelease } from "../../release.ts";
import type { OpenStreams } from "../../target.ts";
import { labels } from "./colours.ts";
import { drainOf, switchedServices } from "./compose-release.ts";
import type { ComposeSite } from "./compose-site.ts";
import { containersOf } from "./containers.ts";
import { proxyContainers } from "./direct-traffic.ts";
import { readConnections } from "./proxies/connections.ts";

/**
 * What a switch away from a release would wait for, counted where the switch counts what it cuts.
 * Null where that is not to be seen: no proxy that runs, nothing of the release that does.
 */
export async function openStreams(
  site: ComposeSite,
  release: ComposeRelease,
): Promise<OpenStreams | null> {
  if (release.compose.proxy === null) return null;
  const [proxies, all] = await Promise.all([
    proxyContainers(site, release),
    containersOf(site.docker, release),
  ]);
  const running = all.filter((one) => one.running);
  if (proxies.length === 0 || running.length === 0) return null;
  const services: OpenStreams["services"] = [];
  for (const name of switchedServices(release)) {
    const own = running.filter((one) => one.labels[labels.service] === name);
    const addresses = own.flatMap((one) => one.addresses);
    const open = await readConnections(site.docker, proxies, addresses);
    if (open === null) return null;
    services.push({ name, open: open.length });
  }
  return { patience: drainOf(release), services };
}
