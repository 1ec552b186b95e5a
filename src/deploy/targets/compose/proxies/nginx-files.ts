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
 */
export function upstreamText(release: string | null, upstreams: readonly Upstream[]): string {
  const blocks = upstreams.map(({ service, address }) => {
    const server = release === null ? "server 127.0.0.1:9 down;" : `server ${address};`;
    return `upstream studio_${service.replaceAll(/\W/g, "_")} {\n  ${server}\n  keepalive 32;\n  keepalive_timeout 4s;\n}\n`;
  });
  const rest = blocks.join("\n");
  const hash = createHash("sha256").update(rest).digest("hex");
  return `# studio release=${release ?? "none"} sha256=${hash}\n${rest}`;
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
