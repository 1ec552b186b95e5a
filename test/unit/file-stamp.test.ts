import {
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cachedHash, openHashCache, rememberHash } from "../../src/deploy/content/hash-cache.ts";
import { isSettled, stampOf } from "../../src/file-stamp.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-stamp-"));
  file = join(folder, "file");
  writeFileSync(file, "one");
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const digest = () => stampOf([file]).digest;

/** Longer than a tick of the file system's clock. */
const tick = () => sleep(30);

describe("the stamp of a file", () => {
  test("stays while nobody writes it", async () => {
    const before = digest();
    readFileSync(file);
    await tick();
    expect(digest()).toBe(before);
  });

  test("differs after a change of the same length whose time was set back", async () => {
    const at = new Date("2026-11-21T00:00:00Z");
    utimesSync(file, at, at);
    const before = digest();
    await tick();
    writeFileSync(file, "two");
    utimesSync(file, at, at);
    expect(statSync(file).mtime).toEqual(at);
    expect(digest()).not.toBe(before);
  });

  test("differs after it was replaced, removed or made", () => {
    const before = digest();
    writeFileSync(`${file}.new`, "one");
    renameSync(`${file}.new`, file);
    const replaced = digest();
    rmSync(file);
    const removed = digest();
    writeFileSync(file, "one");
    expect(new Set([before, replaced, removed, digest()]).size).toBe(4);
  });

  test("is not to be relied on while the file was changed just now", () => {
    expect(stampOf([file]).settled).toBe(false);
    expect(isSettled(statSync(file), Date.now() + 60_000)).toBe(true);
    expect(stampOf([join(folder, "absent")]).settled).toBe(true);
  });
});

test("a hash is remembered once the file has been left alone for a while", () => {
  const cache = openHashCache(join(folder, "hashes.json"));
  const stats = statSync(file, { bigint: true });
  rememberHash(cache, file, stats, "abc");
  expect(cachedHash(cache, file, stats)).toBeUndefined();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
  rememberHash(cache, file, stats, "abc");
  expect(cachedHash(cache, file, stats)).toBe("abc");
});
