import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../../../replace-file.ts";
import { maintenancePage } from "../../../../server/maintenance-page.ts";
import type { Notice } from "../../../target.ts";

/** Seconds after which the public may try again. */
export const retryAfter = 60;

export const pageFiles = { html: "maintenance.html", json: "maintenance.json" } as const;

const neutral = "This service answers again in a moment. Try again in a minute.";

const heading = /^# studio release=(\S+) sha256=([0-9a-f]{64})$/m;

/** A generated file with a first line that tells which release it is for. */
export function headed(release: string | null, rest: string): string {
  const hash = createHash("sha256").update(rest).digest("hex");
  return `# studio release=${release ?? "none"} sha256=${hash}\n${rest}`;
}

/** The release that a file of upstreams names; null for none, or where there is no such file. */
export function releaseIn(text: string | null): string | null {
  const name = heading.exec(text ?? "")?.[1] ?? "none";
  return name === "none" ? null : name;
}

export function readProxyFile(folder: string, name: string): string | null {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** Those that are there, by their names. */
export function readProxyFiles(folder: string, names: readonly string[]): Record<string, string> {
  const texts = names.map((name) => [name, readProxyFile(folder, name)] as const);
  return Object.fromEntries(texts.flatMap(([name, text]) => (text === null ? [] : [[name, text]])));
}

/**
 * A reader sees the old file or the new one. The folder is what is mounted: a file that is mounted
 * alone would stay the old one for ever. Proxies run as users of their own and must read both.
 */
export function writeProxyFile(folder: string, name: string, text: string): void {
  if (readProxyFile(folder, name) === text) return;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  replaceFile(join(folder, name), text, { mode: 0o644 });
}

/** What the public is shown while it is turned away: to browsers a page, to programs a problem. */
export function writePages(folder: string, { message }: Notice): void {
  const detail = message ?? neutral;
  const problem = {
    type: "about:blank",
    title: "Service Unavailable",
    status: 503,
    code: "maintenance",
    detail,
  };
  writeProxyFile(folder, pageFiles.html, maintenancePage(detail, retryAfter));
  writeProxyFile(folder, pageFiles.json, `${JSON.stringify(problem, null, 2)}\n`);
}
