import type { Upstream } from "./proxy.ts";
import { headed } from "./proxy-files.ts";

export const upstreamFile = "upstream.conf";
export const maintenanceFile = "maintenance.conf";

const nowhere = "server 127.0.0.1:9 down;";

/** What an nginx can do, by its version and by what its operator has set. */
export interface Abilities {
  /** It looks a name up again while it runs. */
  resolves: boolean;
  /** It keeps connections of clients over a reload until they have been silent for a while. */
  keeps: boolean;
}

export const oldest: Abilities = { resolves: false, keeps: false };

const keepDirective = "keepalive_min_timeout";
const keepMark = "# studio";

/** Milliseconds: clients that ask more often lose no request to a reload. */
const longestSilence = 5000;

/**
 * Without it nginx closes, as it is reloaded, each connection on which nothing is asked right then,
 * and a request that is on its way there is lost; a client may repeat no POST (seen: 6 in 250
 * reloads). Former workers are to have closed them by half of the time in which they may drain:
 * they know the former release alone.
 */
const keepLine = (drain: number): string =>
  `${keepDirective} ${Math.min(longestSilence, Math.floor(drain / 2))}ms; ${keepMark}\n\n`;

/**
 * The upstreams of a release. Idle connections are closed before an application would, which is
 * after 5 s where it is Node.js: a request on one that is being closed would be lost.
 *
 * A container that the engine starts again often has another address, which an nginx that resolves
 * finds. It knows such a name only some moments after a reload, in which requests would find nobody
 * (seen: 4 of 23,300), so the name is also looked up beforehand, and the other is the backup.
 * 127.0.0.11 is the engine's own DNS in every container.
 * @param drain milliseconds in which the release may end what it began
 */
export function upstreamText(
  release: string | null,
  upstreams: readonly Upstream[],
  { resolves, keeps }: Abilities,
  drain = 0,
): string {
  const blocks = upstreams.map(({ service, address, runs }) => {
    const name = `studio_${service.replaceAll(/\W/g, "_")}`;
    // nginx refuses all of its configuration for one name that has no address.
    const known = runs ? `server ${address} fail_timeout=30s;` : nowhere;
    const plain = release === null || !runs ? [nowhere] : [`server ${address};`];
    const servers =
      release !== null && resolves
        ? [
            `zone ${name} 64k;`,
            "resolver 127.0.0.11 valid=2s ipv6=off;",
            known,
            `server ${address} resolve backup;`,
          ]
        : plain;
    const lines = [...servers, "keepalive 32;", "keepalive_timeout 4s;"];
    return `upstream ${name} {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
  });
  const keep = keeps && drain > 0 ? keepLine(drain) : "";
  return headed(release, keep + blocks.join("\n"));
}

/**
 * `resolve` in an upstream came with nginx 1.27.3, `keepalive_min_timeout` with 1.27.4.
 * @param versionText what `nginx -v` says
 * @param files all that it reads: what the operator has set is not said twice, which nginx refuses
 * @returns null where nothing is said of a version
 */
export function abilitiesOf(versionText: string, files: string): Abilities | null {
  const found = /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(versionText);
  if (found === null) return null;
  const [major = 0, minor = 0, patch = 0] = found.slice(1).map(Number);
  const version = major * 1e6 + minor * 1e3 + patch;
  const isSet = files
    .split("\n")
    .some((line) => line.trim().startsWith(`${keepDirective} `) && !line.endsWith(keepMark));
  return { resolves: version >= 1_027_003, keeps: version >= 1_027_004 && !isSet };
}

export function maintenanceText(on: boolean): string {
  return `set $studio_maintenance ${on ? 1 : 0};\n`;
}
