import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Member, Source } from "../../../src/backup/source.ts";
import { restoreSnapshot } from "../../../src/backup/restore.ts";
import { undoRestore } from "../../../src/backup/restore-journal.ts";
import { restorePlan } from "../../../src/backup/restore-plan.ts";
import { verifySnapshot } from "../../../src/backup/verify.ts";
import { compressFrame, decompressFrame } from "../../../src/backup/zstd.ts";
import { everything, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";

interface Scene {
  folder: string;
  repository: string;
  id: string;
  target: string;
  keepReplacedIn: string;
}

const attributes = { mode: 0o644, uid: 0, gid: 0, mtime: 0 };

async function scene(files: Record<string, string | Buffer>): Promise<Scene> {
  const folder = temporaryFolder();
  const [tree, repository] = [join(folder, "tree"), join(folder, "repository")];
  writeTree(tree, files);
  const report = await snapshot({ repository, sources: [everything(tree)] });
  const [target, keepReplacedIn] = [join(folder, "target"), join(folder, "keep")];
  mkdirSync(target);
  return { folder, repository, id: report.snapshot.id, target, keepReplacedIn };
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
  const plan = await restorePlan(one);
  expect(Object.fromEntries(plan.entries.map(({ path, state }) => [path, state]))).toEqual({
    m: "same",
    "m/new": "new",
    "m/same": "same",
    "m/differs": "differs",
    "m/newer": "newerHere",
    "m/extra": "extra",
  });
  expect(plan.counts).toEqual({ new: 1, same: 2, differs: 1, newerHere: 1, extra: 1 });
  expect(contentsOf(one.target)).toEqual(before);
});

test("a conflict is refused before anything is written", async () => {
  const one = await scene({ a: "a", b: "b" });
  writeTree(one.target, { b: "mine" });
  await expect(restoreSnapshot({ ...one, conflict: "fail" })).rejects.toMatchObject({
    code: "restore.conflict",
    exitCode: 2,
  });
  expect(contentsOf(one.target)).toEqual({ b: "mine" });
});

test("with never, only what is missing is written", async () => {
  const one = await scene({ a: "a", b: "b", "c/d": "d" });
  writeTree(one.target, { b: "mine", c: "a file in the way" });
  const report = await restoreSnapshot({ ...one, conflict: "never" });
  expect(contentsOf(one.target)).toEqual({ a: "a", b: "mine", c: "a file in the way" });
  expect(report).toMatchObject({ written: ["a"], left: ["b", "c", "c/d"], replaced: [] });
});

test("with always, what is replaced is kept, and the restore can be undone", async () => {
  const one = await scene({ a: "a", b: "b", "c/d": "d", e: "e", "new/f": "f" });
  writeTree(one.target, { b: "mine", c: "file", "e/inside": "folder", untouched: "u" });
  const before = contentsOf(one.target);
  const report = await restoreSnapshot({ ...one, conflict: "always" });
  expect(contentsOf(one.target)).toEqual({
    a: "a",
    b: "b",
    "c/d": "d",
    e: "e",
    "new/f": "f",
    untouched: "u",
  });
  expect(report.replaced.map(({ path }) => path)).toEqual(["b", "c", "e"]);
  expect(readFileSync(report.replaced[0]?.keptAs ?? "", "utf8")).toBe("mine");
  await undoRestore(one);
  expect(contentsOf(one.target)).toEqual(before);
  expect(existsSync(join(one.target, "new"))).toBe(false);
  expect(await undoRestore(one)).toBe(0);
});

test("a restore that stopped half-way goes on, and is undone to the very beginning", async () => {
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, `new ${n}`]));
  const one = await scene(files);
  writeTree(one.target, { f3: "old 3", f15: "old 15" });
  const before = contentsOf(one.target);
  const controller = new AbortController();
  const stopped = restoreSnapshot({
    ...one,
    conflict: "always",
    signal: controller.signal,
    onProgress: ({ members }) => members === 8 && controller.abort(new Error("stop")),
  });
  await expect(stopped).rejects.toThrow("stop");
  writeFileSync(join(one.target, ".studio-restore-0123"), "left by a crash");
  await restoreSnapshot({ ...one, conflict: "always" });
  expect(contentsOf(one.target)).toEqual(files);
  await undoRestore(one);
  expect(contentsOf(one.target)).toEqual(before);
});

test("single files and folders are restored by path or pattern", async () => {
  const files = { "m/a.onnx": "a", "m/deep/b.onnx": "b", "m/c.txt": "c", "x[1]": "x", y: "y" };
  const one = await scene(files);
  const plan = await restorePlan({ ...one, paths: ["m/*.onnx"] });
  expect(plan.entries.map(({ path }) => path)).toEqual(["m", "m/a.onnx"]);
  await restoreSnapshot({ ...one, paths: ["m/deep", "x[1]"], conflict: "fail" });
  expect(contentsOf(one.target)).toEqual({ "m/deep/b.onnx": "b", "x[1]": "x" });
  await expect(restorePlan({ ...one, paths: ["nothing"] })).rejects.toMatchObject({ exitCode: 2 });
});

test("a damaged archive is noticed before the file takes its place", async () => {
  const one = await scene({ a: "content ".repeat(100) });
  writeTree(one.target, { a: "mine" });
  const archive = join(one.repository, "snapshots", one.id, "data-0001.tar.zst");
  const bytes = readFileSync(archive);
  bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
  writeFileSync(archive, bytes);
  await expect(restoreSnapshot({ ...one, conflict: "always" })).rejects.toMatchObject({
    code: "backup.damaged",
    exitCode: 4,
  });
  expect(contentsOf(one.target)).toEqual({ a: "mine" });
});

test("content that was replaced in a well-formed archive is noticed as well", async () => {
  // Random bytes do not compress, so that the frame keeps the length that the manifest tells.
  const one = await scene({ a: randomBytes(50_000) });
  writeTree(one.target, { a: "mine" });
  const archive = join(one.repository, "snapshots", one.id, "data-0001.tar.zst");
  const content = decompressFrame(readFileSync(archive));
  content.write("other", 20_000);
  const stored = compressFrame(content);
  expect(stored.length).toBe(readFileSync(archive).length);
  writeFileSync(archive, stored);
  const { problems } = await verifySnapshot({ ...one, now: () => new Date() });
  expect(problems).toContain("The content of a is not what was backed up.");
  await expect(restoreSnapshot({ ...one, conflict: "always" })).rejects.toMatchObject({
    code: "backup.damaged",
  });
  expect(contentsOf(one.target)).toEqual({ a: "mine" });
});

/** A source that says what an attacker would write into an archive. */
function hostile(folder: string, ...members: Partial<Member>[]): Source {
  const file = join(folder, "payload");
  writeFileSync(file, "escaped");
  return {
    kind: "files",
    owns: [],
    isEmpty: async () => false,
    async *members() {
      for (const member of members) {
        yield { ...attributes, file, type: "file", path: "a", ...member } as Member;
      }
    },
  };
}

test.each([
  ["..", { path: "../escaped" }],
  [".. in the middle", { path: "a/../../escaped" }],
  ["an absolute path", { path: "/tmp/studio-escaped" }],
  ["an empty part", { path: "a//b" }],
  ["NUL", { path: "a\0b" }],
])("an archive with %s is refused and writes nothing", async (_, member) => {
  const one = await scene({});
  const sources = [hostile(one.folder, { path: "good" }, member)];
  const { snapshot: made } = await snapshot({ repository: one.repository, sources });
  const restoring = restoreSnapshot({ ...one, id: made.id, conflict: "always" });
  await expect(restoring).rejects.toMatchObject({ code: "restore.unsafe", exitCode: 4 });
  expect(readdirSync(one.target)).toEqual([]);
  expect(existsSync(join(one.folder, "escaped"))).toBe(false);
});

test("nothing is written through a symbolic link, of the archive or of the target", async () => {
  const one = await scene({});
  const outside = join(one.folder, "outside");
  mkdirSync(outside);
  const link = { type: "symlink" as const, path: "link", target: outside };
  const through = hostile(one.folder, link, { path: "link/escaped" });
  const both = await snapshot({ repository: one.repository, sources: [through] });
  const first = restoreSnapshot({ ...one, id: both.snapshot.id, conflict: "always" });
  await expect(first).rejects.toMatchObject({ code: "restore.unsafe" });
  const onlyLink = [hostile(one.folder, link)];
  const linked = await snapshot({ repository: one.repository, sources: onlyLink });
  await restoreSnapshot({ ...one, id: linked.snapshot.id, conflict: "always" });
  const below = [hostile(one.folder, { path: "link/escaped" })];
  const second = await snapshot({ repository: one.repository, sources: below });
  const again = restoreSnapshot({ ...one, id: second.snapshot.id, conflict: "always" });
  await expect(again).rejects.toMatchObject({ code: "restore.unsafe" });
  expect(readdirSync(outside)).toEqual([]);
});

test("a link where a file belongs is replaced itself, not what it points to", async () => {
  const one = await scene({ a: "a" });
  writeTree(one.folder, { precious: "precious" });
  symlinkSync(join(one.folder, "precious"), join(one.target, "a"));
  await restoreSnapshot({ ...one, conflict: "always" });
  expect(contentsOf(one.target)).toEqual({ a: "a" });
  expect(readFileSync(join(one.folder, "precious"), "utf8")).toBe("precious");
});
