import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Upstream } from "./proxy.ts";

export const upstreamFile = "upstream.conf";
export const maintenanceFile = "maintenance.conf";

const heading = /^# studio release=(\S+) sha256=([0-9a-f]{64})$/m;

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
  const blocks = upstreams.map(({ service, address }) => {
    const name = `studio_${service.replaceAll(/\W/g, "_")}`;
    const plain = release === null ? ["server 127.0.0.1:9 down;"] : [`server ${address};`];
    const servers =
      release !== null && resolves
        ? [
            `zone ${name} 64k;`,
            "resolver 127.0.0.11 valid=2s ipv6=off;",
            `server ${address} fail_timeout=30s;`,
            `server ${address} resolve backup;`,
          ]
        : plain;
    const lines = [...servers, "keepalive 32;", "keepalive_timeout 4s;"];
    return `upstream ${name} {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
  });
  const rest = blocks.join("\n");
  const hash = createHash("sha256").update(rest).digest("hex");
  return `# studio release=${release ?? "none"} sha256=${hash}\n${rest}`;
}

/** `resolve` in an upstream came with nginx 1.27.3. */
export function canResolve(versionText: string): boolean {
  const [major = 0, minor = 0, patch = 0] = (/nginx\/(\d+)\.(\d+)\.(\d+)/.exec(versionText) ?? [])
    .slice(1)
    .map(Number);
  return major * 1e6 + minor * 1e3 + patch >= 1_027_003;
}

/** The release that a file of upstreams names; null for none, or where there is no such file. */
export function releaseIn(text: string | null): string | null {
  const name = heading.exec(text ?? "")?.[1] ?? "none";
  return name === "none" ? null : name;
}

export function maintenanceText(on: boolean): string {
  return `set $studio_maintenance ${on ? 1 : 0};\n`;
}

export function readProxyFile(folder: string, name: string): string | null {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/**
 * A reader sees the old file or the new one. The folder is what is mounted: a file that is mounted
 * alone would stay the old one for ever. Proxies run as users of their own and must read both.
 */
export function writeProxyFile(folder: string, name: string, text: string): void {
  if (readProxyFile(folder, name) === text) return;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const file = join(folder, name);
  const temporary = `${file}.tmp`;
  writeFileSync(temporary, text, { mode: 0o644, flush: true });
  chmodSync(temporary, 0o644);
  renameSync(temporary, file);
  const descriptor = openSync(folder, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
