import type { Upstream } from "./proxy.ts";
import { headed } from "./proxy-files.ts";

export const upstreamFile = "upstream.conf";
export const maintenanceFile = "maintenance.conf";

const nowhere = "server 127.0.0.1:9 down;";

/**
 * The upstreams of a release. Idle connections are closed before an application would, which is
 * after 5 s where it is Node.js: a request on one that is being closed would be lost.
 * @param resolves nginx can look a name up again while it runs: a container that the engine starts
 *   again often has another address. It knows such a name only some moments after a reload, in
 *   which requests would find nobody (seen: 4 of 23,300), so the name is also looked up beforehand,
 *   and the other is the backup. 127.0.0.11 is the engine's own DNS in every container.
 */
export function upstreamText(
  release: string | null,
  upstreams: readonly Upstream[],
  resolves: boolean,
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
  return headed(release, blocks.join("\n"));
}

/** `resolve` in an upstream came with nginx 1.27.3. */
export function canResolve(versionText: string): boolean {
  const [major = 0, minor = 0, patch = 0] = (/nginx\/(\d+)\.(\d+)\.(\d+)/.exec(versionText) ?? [])
    .slice(1)
    .map(Number);
  return major * 1e6 + minor * 1e3 + patch >= 1_027_003;
}

export function maintenanceText(on: boolean): string {
  return `set $studio_maintenance ${on ? 1 : 0};\n`;
}
