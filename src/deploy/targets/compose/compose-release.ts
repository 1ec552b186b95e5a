import { type ComposeRelease, type ReleaseRecord, foreignRelease } from "../../release.ts";

/** @throws StudioError (exit 2) for a release of another target */
export function asCompose(release: ReleaseRecord): ComposeRelease {
  if (release.target === "compose") return release;
  throw foreignRelease(release, "compose");
}

/** Where migrations of either origin lie in a release's folder. */
export const migrationPlaces = { studio: "studio-migrations", project: "migrations" } as const;

export const renderedFile = (colour: string): string => `compose-${colour}.json`;

/** Names of the services that are switched with a release. */
export function switchedServices({ compose }: ComposeRelease): string[] {
  return switchedOf(compose.services);
}

/** Names of those that are switched. */
export function switchedOf(services: readonly { name: string; role: string }[]): string[] {
  return services.flatMap(({ name, role }) => (role === "switched" ? [name] : []));
}

/** The longest that a service of the release is given to finish what it began, in milliseconds. */
export function drainOf({ compose }: ComposeRelease): number {
  return Math.max(
    0,
    ...compose.services.map(({ role, drain }) => (role === "switched" ? drain : 0)),
  );
}

/** Where the public meets a release; empty where it does not. */
export const publicUrlOf = ({ compose }: ComposeRelease): string =>
  compose.proxy?.url ?? compose.gap?.url ?? "";

/** Where the proxy sees the folder of generated files; empty where there is none. */
export const proxyDirectory = ({ compose }: ComposeRelease): string =>
  compose.proxy?.directory ?? "";
