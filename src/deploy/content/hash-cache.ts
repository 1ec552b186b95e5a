import { type BigIntStats, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isSettled } from "../../file-stamp.ts";
import type { Reach } from "../../operation/faults.ts";

/** Hashes by path, valid while size, modification time and inode are unchanged. */
export interface HashCache {
  file: string;
  entries: Map<string, { key: string; sha256: string }>;
  changed: boolean;
}

/** A cache that cannot be read is an empty one: it only saves time. */
export function openHashCache(file: string): HashCache {
  try {
    const pairs = JSON.parse(readFileSync(file, "utf8")) as [string, string, string][];
    const entries = new Map(pairs.map(([path, key, sha256]) => [path, { key, sha256 }]));
    return { file, entries, changed: false };
  } catch {
    return { file, entries: new Map(), changed: false };
  }
}

export function cachedHash(cache: HashCache, path: string, stats: BigIntStats): string | undefined {
  const entry = cache.entries.get(path);
  return entry?.key === keyOf(stats) ? entry.sha256 : undefined;
}

/** Keeps the hash of a file, unless that was changed just now. */
export function rememberHash(
  cache: HashCache,
  path: string,
  stats: BigIntStats,
  sha256: string,
): void {
  const [mtimeMs, ctimeMs] = [Number(stats.mtimeMs), Number(stats.ctimeMs)];
  if (!isSettled({ mtimeMs, ctimeMs })) return;
  cache.entries.set(path, { key: keyOf(stats), sha256 });
  cache.changed = true;
}

export function saveHashCache(cache: HashCache, reach: Reach): void {
  if (!cache.changed) return;
  const pairs = [...cache.entries].map(([path, entry]) => [path, entry.key, entry.sha256]);
  const temporary = unfinishedCache(cache.file);
  writeFileSync(temporary, JSON.stringify(pairs), { mode: 0o600 });
  reach("hashes-written");
  renameSync(temporary, cache.file);
}

/** What an interrupted save leaves; the next one, or a garbage collection, takes it away. */
export const unfinishedCache = (file: string): string => `${file}.partial`;

/** ctime too: a rewrite that restores the modification time cannot restore that. */
function keyOf(stats: BigIntStats): string {
  return `${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}:${stats.ino}`;
}
