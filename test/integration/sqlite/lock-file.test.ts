import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { holderOf, openLockFile } from "../../../src/sqlite/lock-file.ts";
import { collect } from "../../support/studio.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-lock-"));
  file = join(folder, "test.db");
});

afterEach(() => rmSync(folder, { recursive: true }));

function contender(name: string, start: number, hold: number): ChildProcess {
  const script = join(import.meta.dirname, "contender.ts");
  return spawn(process.execPath, [script, file, name, String(start), String(hold)]);
}

describe("a lock file", () => {
  test("is had by one at a time, and tells the others of its holder", () => {
    const [one, other] = [openLockFile(file), openLockFile(file)];
    expect(one.tryAcquire("one")).toBe(true);
    expect(other.tryAcquire("other")).toBe(false);
    expect([one.isHeld(), other.isHeld()]).toEqual([true, false]);
    expect(other.holder()).toBe("one");
    one.close();
    expect(other.tryAcquire("other")).toBe(true);
    expect(other.holder()).toBe("other");
    other.close();
  });

  test("can be asked about without a wish to have it, and is not made by that", () => {
    expect(holderOf(file)).toBeNull();
    expect(existsSync(file)).toBe(false);
    const lock = openLockFile(file);
    lock.tryAcquire("one");
    expect(holderOf(file)).toBe("one");
    lock.close();
    expect(holderOf(file)).toBeNull();
  });

  test("is free once its holder was killed", async () => {
    const holder = contender("holder", Date.now(), 180_000);
    await once(holder.stdout as NodeJS.ReadableStream, "data");
    const lock = openLockFile(file);
    expect(lock.tryAcquire("next")).toBe(false);
    expect(lock.holder()).toBe("holder");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    expect(lock.tryAcquire("next")).toBe(true);
    lock.close();
  });

  test("goes to exactly one of several that ask once at the same moment", async () => {
    for (let round = 0; round < 3; round += 1) {
      const start = Date.now() + 1500;
      const names = ["a", "b", "c", "d"].map((name) => `${name}${round}`);
      const ends = await Promise.all(names.map((name) => collect(contender(name, start, 1000))));
      const said = ends.map(({ stdout, stderr }) => `${stdout}${stderr}`.trim());
      expect(said.filter((text) => text === "taken")).toHaveLength(1);
      for (const text of said) expect(text).toMatch(/^(taken|held by [abcd]\d)$/);
    }
  }, 180_000);
});
