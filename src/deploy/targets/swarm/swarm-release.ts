import { type ReleaseRecord, type SwarmRelease, foreignRelease } from "../../release.ts";
import { switchedOf } from "../compose/compose-release.ts";

/** @throws StudioError (exit 2) for a release of another target */
export function asSwarm(release: ReleaseRecord): SwarmRelease {
  if (release.target === "swarm") return release;
  throw foreignRelease(release, "swarm");
}

/** What `docker stack deploy` is given of one service. */
export const renderedFile = (service: string): string => `stack-${service}.json`;

/** Where what secrets and configs hold lies in a release's folder. */
export const objectFile = (kind: "secrets" | "configs", key: string): string => `${kind}/${key}`;

/** Names of the services that make the release; the others are what it needs. */
export function switchedServices({ swarm }: SwarmRelease): string[] {
  return switchedOf(swarm.services);
}

export function backingServices({ swarm }: SwarmRelease): string[] {
  const switched = new Set(switchedOf(swarm.services));
  return swarm.services.map(({ name }) => name).filter((name) => !switched.has(name));
}
