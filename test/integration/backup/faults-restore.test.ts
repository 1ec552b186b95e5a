import { randomBytes } from "node:crypto";
import { cpSync, linkSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { undoRestore } from "../../../src/backup/restore/journal.ts";
import { stride, timeLimit } from "../../support/every.ts";
import { type FaultyDisk, faultyDisk } from "../../support/faulty-disk.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { everything, restore, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";
import { describeTree } from "./trees.ts";

let disk: FaultyDisk | null = null;

afterEach(() => {
  disk?.remove();
  disk = null;
});

/** A snapshot, and a folder that differs from it in every way. */
async function scene() {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, {
    same: "same",
    changed: "as it was backed up",
    "deep/er/file": randomBytes(3000),
    large: randomBytes(1_500_000),
    "was a folder": "a file in the snapshot",
  });
  symlinkSync("same", join(tree, "link"));
  linkSync(join(tree, "changed"), join(tree, "z other name"));
  mkdirSync(join(tree, "was a file", "with"), { recursive: true });
  mkdirSync(join(tree, "private"), { mode: 0o750 });
  for (const name of ["deep/er", "deep", "private"]) utimesSync(join(tree, name), 1e9, 1e9);
  // A copy made by Node keeps a time but for a fraction of a microsecond; this one it keeps whole.
  utimesSync(join(tree, "same"), 1e9, 1e9);
  const store = memoryStore();
  const { snapshot: made } = await snapshot({ store, sources: [everything(tree)] });
  const before = join(folder, "before");
  writeTree(before, {
    same: "same",
    changed: "mine",
    "was a folder/with": "a file",
    "was a file": "mine as well",
    extra: "only here",
  });
  cpSync(join(tree, "same"), join(before, "same"), keepingTimes);
  return { folder, tree, store, id: made.id, before };
}

const keepingTimes = { recursive: true, preserveTimestamps: true };

/** Content and kind of each path; times and modes are the snapshot's or the operator's. */
function contents(root: string): Record<string, string> {
  const nodes = Object.entries(describeTree(root));
  return Object.fromEntries(nodes.map(([path, { content }]) => [path, content]));
}

function without(root: string, name: string) {
  const { [name]: _left, ...rest } = describeTree(root);
  return rest;
}

test.each(["full", "once", "dead", "torn"] as const)(
  "a restore over other files under which the disk is %s can go on, and be undone, at any change",
  async (fault) => {
    const one = await scene();
    const place = join(one.folder, "place");
    const [target, keepReplacedIn] = [join(place, "target"), join(place, "kept")];
    const spied = faultyDisk(place);
    disk = spied;
    const run = () => restore({ ...one, target, keepReplacedIn, conflict: "always" });
    cpSync(one.before, target, keepingTimes);
    spied.arm(fault, 0);
    await run();
    const calls = spied.changes.map(({ call }) => call);
    let struck = 0;
    for (let at = 1; ; at += 1) {
      const isMove = calls[at - 1] === "rename";
      // Between two moves a path is neither here nor there: none of them is left out.
      if (at <= calls.length && at % stride(3) !== 0 && !isMove) continue;
      rmSync(place, { recursive: true, force: true });
      cpSync(one.before, target, keepingTimes);
      spied.arm(fault, at);
      const error: unknown = await run().then(
        () => null,
        (reason: unknown) => reason,
      );
      spied.heal();
      const change = spied.changes[at - 1];
      const where = `${fault} at ${at}: ${change?.call} ${change?.path}`;
      if (change === undefined) {
        expect(error, where).toBeNull();
        break;
      }
      struck += 1;
      if (error !== null) {
        expect(error, where).toMatchObject({ code: expect.stringMatching(/^restore\./) as string });
      }
      // No file holds anything but what it was or is to be.
      const [was, wanted, now] = [one.before, one.tree, target].map(contents);
      for (const [path, content] of Object.entries(now ?? {})) {
        if (path.includes(".studio-restore-")) continue;
        const known = [was?.[path], wanted?.[path]].map((text) => text?.replace(/ \d+$/, ""));
        expect(known, `${where}: ${path}`).toContain(content.replace(/ \d+$/, ""));
      }
      if (at % 2 === 0 || isMove) {
        await run();
        expect(without(target, "extra"), where).toEqual(describeTree(one.tree));
      }
      await undoRestore({ target, keepReplacedIn });
      await undoRestore({ target, keepReplacedIn });
      expect(contents(target), where).toEqual(contents(one.before));
    }
    expect(struck).toBeGreaterThan(25);
  },
  120_000,
);

test(
  "an undo that is broken off at any change can be repeated",
  async () => {
    const one = await scene();
    const place = join(one.folder, "place");
    const [target, keepReplacedIn] = [join(place, "target"), join(place, "kept")];
    const spied = faultyDisk(place);
    disk = spied;
    let struck = 0;
    for (let at = 1; ; at += 1) {
      rmSync(place, { recursive: true, force: true });
      cpSync(one.before, target, keepingTimes);
      await restore({ ...one, target, keepReplacedIn, conflict: "always" });
      spied.arm("dead", at);
      const done = await undoRestore({ target, keepReplacedIn }).then(
        () => true,
        () => false,
      );
      spied.heal();
      await undoRestore({ target, keepReplacedIn });
      await undoRestore({ target, keepReplacedIn });
      expect(contents(target), `at ${at}`).toEqual(contents(one.before));
      if (done) break;
      struck += 1;
    }
    expect(struck).toBeGreaterThan(10);
  },
  timeLimit(120_000),
);

test("a restore that fails has stopped writing by the time that it says so", async () => {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  const files = Array.from({ length: 12 }, (_, number) => [`f${number}`, randomBytes(1_200_000)]);
  writeTree(tree, Object.fromEntries(files) as Record<string, Buffer>);
  const store = memoryStore();
  const { snapshot: made } = await snapshot({ store, sources: [everything(tree)] });
  const slow = {
    ...store,
    async get(key: string) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return store.get(key);
    },
  };
  for (const stopAfter of [1, 3, 5]) {
    const target = join(folder, `out-${stopAfter}`);
    const controller = new AbortController();
    const stopped = restore({
      store: slow,
      id: made.id,
      target,
      signal: controller.signal,
      onProgress: ({ members }) => members >= stopAfter && controller.abort(new Error("stop")),
    });
    await expect(stopped).rejects.toThrow("stop");
    const atOnce = readdirSync(target);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(readdirSync(target)).toEqual(atOnce);
  }
});
