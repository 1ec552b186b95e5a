import type { SwarmRelease } from "../../release.ts";
import { askRelease } from "../compose/public-address.ts";
import { urlOf } from "./front.ts";
import { isUp, listServices, listTasks, releaseOf } from "./services.ts";
import { readSwarmFacts } from "./swarm-facts.ts";
import { switchedServices } from "./swarm-release.ts";
import type { SwarmSite } from "./swarm-site.ts";

/** Milliseconds: a task of the service in front seldom moves, and a probe asks often. */
const remembered = 2000;

/**
 * Asks through the public address which release answers: as the answer's header tells; where the
 * application sends none, as Swarm has been told.
 */
export function createPublicNodes(site: SwarmSite) {
  let known: { host: string | null; until: number; release: string } | null = null;
  const hostOf = async (release: SwarmRelease): Promise<string | null> => {
    if (known === null || known.until < Date.now() || known.release !== release.id) {
      const host = await findHost(site, release);
      known = { host, until: Date.now() + remembered, release: release.id };
    }
    return known.host;
  };
  return async (release: SwarmRelease): Promise<string | null> => {
    const { front } = release.swarm;
    if (front === null) return whoRuns(site, release);
    const host = await hostOf(release);
    if (host === null) return null;
    const { securePort: port } = front;
    const secure = port === null ? undefined : urlOf({ secure: true, port }, host);
    const told = await askRelease({ url: urlOf(front, host), secure }, release.settings.domains[0]);
    return told === undefined ? whoRuns(site, release) : told;
  };
}

/** Of a node that has a task of the service in front, this one where there are several. */
async function findHost(site: SwarmSite, release: SwarmRelease): Promise<string | null> {
  const { front, name } = release.swarm;
  const facts = await readSwarmFacts(site.docker);
  if (front?.mode === "ingress") return facts.address;
  const services = await listServices(site.docker, name);
  const tasks = await listTasks(site.docker, services);
  const inFront = tasks.filter((one) => one.service === front?.service && isUp(one));
  const nodes = new Set(inFront.map(({ node }) => node));
  const ready = facts.nodes.filter(({ id }) => nodes.has(id));
  return (ready.find(({ id }) => id === facts.id) ?? ready[0])?.address ?? null;
}

async function whoRuns({ docker }: SwarmSite, { swarm, ...release }: SwarmRelease) {
  const services = await listServices(docker, swarm.name);
  const tasks = (await listTasks(docker, services)).filter(isUp);
  const switched = new Set(switchedServices({ ...release, swarm }));
  const found = services.find((one) => switched.has(one.name));
  const told = found === undefined ? null : releaseOf(found);
  return tasks.some((one) => releaseOf(one) === told) ? told : null;
}
