import { randomBytes } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { undoRestore } from "../../../src/backup/restore/journal.ts";
import { restorePlan } from "../../../src/backup/restore/plan.ts";
import { PageText } from "../../../src/backup/format/page-text.ts";
import { checkPaths } from "../../../src/backup/restore/safe-path.ts";
import { objectOfKey } from "../../../src/backup/format/object.ts";
import { timeLimit } from "../../support/every.ts";
import { type MemoryStore, memoryStore } from "../../support/memory-store.ts";
import { everything, open, restore, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";

interface Scene {
  store: MemoryStore;
  id: string;
  target: string;
  keepReplacedIn: string;
}

async function scene(files: Record<string, string | Buffer>): Promise<Scene> {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  const store = memoryStore();
  writeTree(tree, files);
  const report = await snapshot({ store, sources: [everything(tree)] });
  const [target, keepReplacedIn] = [join(folder, "target"), join(folder, "keep")];
  mkdirSync(target);
  return { store, id: report.snapshot.id, target, keepReplacedIn };
}

async function plan(one: Scene, more: { paths?: string[]; exclude?: string[] } = {}) {
  return restorePlan({ snapshot: await open(one.store, one.id), target: one.target, ...more });
}

function contentsOf(target: string): Record<string, string> {
  const entries = readdirSync(target, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(target.length + 1), readFileSync(path, "utf8")]),
  );
}

test("a plan tells new, same, differing, newer and extra paths, and changes nothing", async () => {
  const one = await scene({ "m/new": "n", "m/same": "s", "m/differs": "d", "m/newer": "n" });
  writeTree(one.target, { "m/same": "s", "m/differs": "x", "m/newer": "y", "m/extra": "e" });
  utimesSync(join(one.target, "m/differs"), 1000, 1000);
  utimesSync(join(one.target, "m/newer"), 4_000_000_000, 4_000_000_000);
  const before = contentsOf(one.target);
  const { entries, counts } = await plan(one);
  expect(Object.fromEntries(entries.map(({ path, state }) => [path, state]))).toEqual({
    m: "same",
    "m/new": "new",
    "m/same": "same",
    "m/differs": "differs",
    "m/newer": "newerHere",
    "m/extra": "extra",
  });
  expect(counts).toEqual({ new: 1, same: 2, differs: 1, newerHere: 1, extra: 1 });
  expect(contentsOf(one.target)).toEqual(before);
});

describe("where something else is in the way", () => {
  test("a conflict is refused before anything is written", async () => {
    const one = await scene({ a: "a", b: "b" });
    writeTree(one.target, { b: "mine" });
    await expect(restore(one)).rejects.toMatchObject({ code: "restore.conflict", exitCode: 2 });
    expect(contentsOf(one.target)).toEqual({ b: "mine" });
  });

  test("with never, only what is missing is written", async () => {
    const one = await scene({ a: "a", b: "b", "c/d": "d" });
    writeTree(one.target, { b: "mine", c: "a file in the way" });
    const report = await restore({ ...one, conflict: "never" });
    expect(contentsOf(one.target)).toEqual({ a: "a", b: "mine", c: "a file in the way" });
    expect(report).toMatchObject({ written: 1, left: ["b", "c", "c/d"], replaced: [] });
  });

  test("with if-newer, what is older here is replaced", async () => {
    const one = await scene({ old: "o", young: "y" });
    writeTree(one.target, { old: "mine", young: "mine" });
    utimesSync(join(one.target, "old"), 1000, 1000);
    utimesSync(join(one.target, "young"), 4_000_000_000, 4_000_000_000);
    await restore({ ...one, conflict: "if-newer" });
    expect(contentsOf(one.target)).toEqual({ old: "o", young: "mine" });
  });

  test("with keep-both, the snapshot's stands beside what is here", async () => {
    const one = await scene({ a: "a", b: "b" });
    writeTree(one.target, { a: "mine" });
    await restore({ ...one, conflict: "keep-both" });
    expect(contentsOf(one.target)).toEqual({ a: "mine", b: "b", [`a.from-${one.id}`]: "a" });
  });

  test("with if-changed, size and time decide, and nothing is read", async () => {
    const one = await scene({ same: "same", other: "other" });
    writeTree(one.target, { same: "emas", other: "rehto" });
    const { mtimeMs } = await open(one.store, one.id)
      .then(async (found) => {
        for await (const page of found.entries()) return page;
        return [];
      })
      .then((page) => ({ mtimeMs: page.find(({ path }) => path === "same")?.mtime ?? 0 }));
    utimesSync(join(one.target, "same"), mtimeMs / 1000, mtimeMs / 1000);
    await restore({ ...one, conflict: "if-changed" });
    expect(contentsOf(one.target)).toEqual({ same: "emas", other: "other" });
  });

  test("with always, what is replaced is kept, and the restore can be undone", async () => {
    const one = await scene({ a: "a", b: "b", "c/d": "d", e: "e", "new/f": "f" });
    writeTree(one.target, { b: "mine", c: "file", "e/inside": "folder", untouched: "u" });
    const before = contentsOf(one.target);
    const report = await restore({ ...one, conflict: "always" });
    expect(contentsOf(one.target)).toEqual({
      a: "a",
      b: "b",
      "c/d": "d",
      e: "e",
      "new/f": "f",
      untouched: "u",
    });
    expect(report.replaced.map(({ path }) => path).toSorted()).toEqual(["b", "c", "e"]);
    const kept = report.replaced.find(({ path }) => path === "b")?.keptAs ?? "";
    expect(readFileSync(kept, "utf8")).toBe("mine");
    await undoRestore(one);
    expect(contentsOf(one.target)).toEqual(before);
    expect(existsSync(join(one.target, "new"))).toBe(false);
    expect(await undoRestore(one)).toBe(0);
  });
});

test(
  "a restore that stopped half-way goes on, and is undone to the very beginning",
  async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [`f${n}`, `${n} `.repeat(700_000)]),
    );
    const one = await scene(files);
    writeTree(one.target, { f3: "old 3", f15: "old 15" });
    const before = contentsOf(one.target);
    const controller = new AbortController();
    const stopped = restore({
      ...one,
      conflict: "always",
      signal: controller.signal,
      onProgress: ({ members }) => members >= 8 && controller.abort(new Error("stop")),
    });
    await expect(stopped).rejects.toThrow("stop");
    expect(contentsOf(one.target)).not.toEqual(before);
    writeFileSync(join(one.target, ".studio-restore-0123"), "left by a crash");
    await restore({ ...one, conflict: "always" });
    expect(contentsOf(one.target)).toEqual(files);
    await undoRestore(one);
    expect(contentsOf(one.target)).toEqual(before);
  },
  timeLimit(180_000),
);

test("single files and folders are restored by path or pattern", async () => {
  const files = { "m/a.onnx": "a", "m/deep/b.onnx": "b", "m/c.txt": "c", "x[1]": "x", y: "y" };
  const one = await scene(files);
  const { entries } = await plan(one, { paths: ["m/*.onnx"] });
  expect(entries.map(({ path }) => path)).toEqual(["m", "m/a.onnx"]);
  await restore({ ...one, paths: ["m/deep", "x[1]"] });
  expect(contentsOf(one.target)).toEqual({ "m/deep/b.onnx": "b", "x[1]": "x" });
  await restore({ ...one, include: ["**/*.txt"] });
  await restore({ ...one, paths: ["y"], exclude: ["y"] });
  expect(contentsOf(one.target)).toEqual({ "m/deep/b.onnx": "b", "x[1]": "x", "m/c.txt": "c" });
  await expect(plan(one, { paths: ["nothing"] })).rejects.toMatchObject({ exitCode: 2 });
});

test("a hard link whose other name is not restored becomes a file of its own", async () => {
  const folder = temporaryFolder();
  const store = memoryStore();
  writeTree(join(folder, "tree"), { a: "content" });
  linkSync(join(folder, "tree/a"), join(folder, "tree/b"));
  const { snapshot: made } = await snapshot({ store, sources: [everything(join(folder, "tree"))] });
  const target = join(folder, "target");
  await restore({ store, id: made.id, target, paths: ["b"] });
  expect(contentsOf(target)).toEqual({ b: "content" });
  expect(statSync(join(target, "b")).nlink).toBe(1);
});

test("damaged content is told by its path, and nothing is put in its place", async () => {
  const one = await scene({ a: randomBytes(50_000), b: randomBytes(3_000_000) });
  writeTree(one.target, { a: "mine" });
  for (const [key, bytes] of one.store.files) {
    if (objectOfKey(key)?.kind !== "segment") continue;
    bytes[20_000] = (bytes[20_000] ?? 0) ^ 1;
  }
  const report = await restore({ ...one, conflict: "always" });
  expect(report.damaged.map(({ path }) => path)).toEqual(["a"]);
  expect(contentsOf(one.target)["a"]).toBe("mine");
  expect(statSync(join(one.target, "b")).size).toBe(3_000_000);
});

describe("nothing is written outside of the target", () => {
  const attributes = { mode: 0o644, uid: 0, gid: 0, mtime: 0 };

  test.each(["../out", "/etc/x", "a/../../x", "a//b", "./a", "a/.", "nul\0"])("%s", (path) => {
    const entry = { type: "symlink" as const, path, target: "x", ...attributes };
    expect(() => checkPaths([entry])).toThrow(/is not restored/);
  });

  test("not below a link that a list of files brings along", () => {
    const link = { type: "symlink" as const, path: "out", target: "/tmp", ...attributes };
    const below = { type: "directory" as const, path: "out/x", parent: false, ...attributes };
    expect(() => checkPaths([link, below])).toThrow("it lies below a link or a file");
    const page = new PageText();
    page.add(link);
    expect(page.end().text.toString()).toContain("\tout\t/tmp\n");
  });

  test("not through a link that is in the target", async () => {
    const one = await scene({ "m/file": "x" });
    const elsewhere = temporaryFolder();
    symlinkSync(elsewhere, join(one.target, "m"));
    for (const conflict of ["fail", "never", "always"] as const) {
      await expect(restore({ ...one, conflict })).rejects.toMatchObject({ code: "restore.unsafe" });
    }
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});
