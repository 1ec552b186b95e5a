import { execFileSync } from "node:child_process";
import { hash, randomBytes } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { filesSource } from "../../../src/backup/files-source.ts";
import { restoreSnapshot } from "../../../src/backup/restore.ts";
import { sourcesAreEmpty } from "../../../src/backup/source.ts";
import { everything, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";
import { memoryStore } from "./memory-store.ts";

interface Node {
  path: string;
  kind: string;
  mode: number;
  mtime: number;
  content: string;
}

/** A tree as plain values, to compare two of them. */
function describeTree(root: string, precision = 1): Node[] {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).toSorted();
  return paths.map((path) => {
    const stats = lstatSync(join(root, path));
    const file = stats.isFile() ? hash("sha256", readFileSync(join(root, path))) : "";
    return {
      path,
      kind: stats.isDirectory() ? "directory" : stats.isFile() ? "file" : "link",
      mode: stats.mode & 0o7777,
      mtime: Math.floor(stats.mtimeMs / precision),
      content: stats.isSymbolicLink() ? readlinkSync(join(root, path)) : file,
    };
  });
}

const name = fc
  .string({
    unit: fc.constantFrom("a", "b", ".", "-", " ", "é", "\\", "\n", "'", "*", "✓"),
    minLength: 1,
    maxLength: 8,
  })
  .filter((text) => text !== "." && text !== "..");
const time = fc.integer({ min: 0, max: 2_000_000_000_000 }).map((milliseconds) => milliseconds);
const item = fc.record({
  folders: fc.array(name, { maxLength: 3 }),
  name,
  kind: fc.constantFrom("file", "file", "folder", "link"),
  content: fc.oneof(
    fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
    fc.integer({ min: 1, max: 2_500_000 }).map((size) => Buffer.alloc(size, "studio")),
  ),
  mode: fc.constantFrom(0o644, 0o600, 0o755, 0o400, 0o777),
  time,
});
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;

function build(root: string, items: Item[]): void {
  mkdirSync(root, { recursive: true });
  for (const one of items) {
    try {
      mkdirSync(join(root, ...one.folders), { recursive: true });
      const path = join(root, ...one.folders, one.name);
      if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
      if (one.kind === "folder") mkdirSync(path);
      if (one.kind === "file") writeFileSync(path, one.content);
      if (one.kind === "link") symlinkSync(one.content.toString("hex", 0, 40) || "x", path);
      if (one.kind !== "link") chmodSync(path, one.kind === "file" ? one.mode : one.mode | 0o700);
      lutimesSync(path, one.time / 1000, one.time / 1000);
    } catch {
      // A name that is taken by another kind of thing: the tree is random, so be it.
    }
  }
}

test("any tree comes back with contents, modes, times and links", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { maxLength: 10 }),
      fc.constantFrom(1, 700_000, 2 ** 30),
      async (items, segmentBytes) => {
        const folder = temporaryFolder();
        const [tree, repository] = [join(folder, "tree"), join(folder, "repository")];
        const [target, keepReplacedIn] = [join(folder, "target"), join(folder, "keep")];
        build(tree, items);
        const before = describeTree(tree);
        const sources = [everything(tree)];
        const report = await snapshot({ repository, sources, segmentBytes });
        expect(report).toMatchObject({ skipped: [], vanished: [], verification: { problems: [] } });
        const { id } = report.snapshot;
        const conflict = "fail" as const;
        await restoreSnapshot({ repository, id, target, conflict, keepReplacedIn });
        expect(describeTree(target)).toEqual(before);
        const again = await restoreSnapshot({ repository, id, target, conflict, keepReplacedIn });
        expect(again.written).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
}, 30_000);

const hasZstd = ((): boolean => {
  try {
    execFileSync("zstd", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

test("tar, zstd and sha256sum alone restore and prove a snapshot", async (context) => {
  if (!hasZstd) context.skip("zstd is not installed");
  const folder = temporaryFolder();
  const [tree, repository] = [join(folder, "tree"), join(folder, "repository")];
  writeTree(tree, {
    "models/big.onnx": randomBytes(3_000_000),
    "models/.hidden/empty": "",
    [`deep/${"long name ".repeat(20)}/${"é".repeat(100)}`]: "long",
    "back\\slash": "b",
    "line\nbreak": "n",
    "-dash": "d",
    "z/last": "z",
  });
  symlinkSync("x".repeat(150), join(tree, "link"));
  mkdirSync(join(tree, "empty"));
  chmodSync(join(tree, "empty"), 0o700);
  utimesSync(join(tree, "models/big.onnx"), 1_500_000_000, 1_500_000_000);
  const sources = [everything(tree)];
  const report = await snapshot({ repository, sources, segmentBytes: 1_000_000 });
  const stored = join(repository, "snapshots", report.snapshot.id);
  expect(readdirSync(stored).filter((file) => file.startsWith("data-")).length).toBe(2);
  const restored = join(folder, "restored");
  mkdirSync(restored);
  // The very lines of the README that lies in the repository.
  const lines = readFileSync(join(repository, "README.txt"), "utf8").split("\n  ");
  const script = lines.slice(lines.findIndex((line) => line.startsWith("for archive"))).join("\n");
  const commands = script.slice(0, script.indexOf("\n\n"));
  const env = { PATH: process.env["PATH"], REPO: repository, ID: report.snapshot.id };
  execFileSync("/bin/sh", ["-ec", commands], { cwd: restored, env, stdio: "pipe" });
  expect(describeTree(restored, 1000)).toEqual(describeTree(tree, 1000));
  writeFileSync(join(restored, "-dash"), "x");
  expect(() =>
    execFileSync("sha256sum", ["-c", join(stored, "SHA256SUMS")], { cwd: restored, stdio: "pipe" }),
  ).toThrow("Command failed");
});

test("what cannot be stored is reported, and the rest is stored", async () => {
  const folder = temporaryFolder();
  const [tree, repository] = [join(folder, "tree"), join(folder, "repository")];
  writeTree(tree, { "models/a": "a" });
  execFileSync("mkfifo", [join(tree, "models/fifo")]);
  writeFileSync(Buffer.concat([Buffer.from(join(tree, "models/caf")), Buffer.of(0xe9)]), "latin 1");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(tree, "models/socket"), resolve));
  const source = filesSource({ directory: tree, include: ["models/**"], exclude: [] });
  const report = await snapshot({ repository, sources: [source] });
  server.close();
  expect(report.skipped).toEqual([
    { path: "models/caf\\xe9", reason: "its name is not valid UTF-8" },
  ]);
  expect(report.ignored).toEqual([
    { path: "models/fifo", kind: "a FIFO" },
    { path: "models/socket", kind: "a socket" },
  ]);
  expect(report.snapshot.counts).toMatchObject({ files: 1, skipped: 1 });
  expect(report.verification.ok).toBe(true);
});

test("a link that a pattern names is stored as a link and told; a snapshot lacks nothing by it", async () => {
  const folder = temporaryFolder();
  const [tree, repository] = [join(folder, "tree"), join(folder, "repository")];
  writeTree(tree, { "big/models/a": "a", "uploads/b": "b" });
  symlinkSync("big/models", join(tree, "models"));
  symlinkSync("big", join(tree, "content"));
  symlinkSync("b", join(tree, "uploads/c"));
  const include = ["models/**", "content/models/*.onnx", "uploads/**"];
  const source = filesSource({ directory: tree, include, exclude: [] });
  const report = await snapshot({ repository, sources: [source] });
  expect(report.skipped).toEqual([]);
  expect(report.links).toEqual([
    { path: "content", target: "big" },
    { path: "models", target: "big/models" },
  ]);
  expect(report.snapshot.counts).toMatchObject({ files: 1, links: 3, skipped: 0 });
  const target = join(folder, "restored");
  const { id } = report.snapshot;
  const keepReplacedIn = join(folder, "replaced");
  await restoreSnapshot({ repository, id, target, conflict: "fail", keepReplacedIn });
  expect(readlinkSync(join(target, "models"))).toBe("big/models");
  expect(readlinkSync(join(target, "content"))).toBe("big");
});

test("a file that vanishes is a note; one that shrinks while it is read is never restored", async () => {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, { a: "a", b: "b", c: randomBytes(3_000_000), d: "d" });
  const source = everything(tree);
  const moving = {
    ...source,
    async *members(context: Parameters<typeof source.members>[0]) {
      for await (const member of source.members(context)) {
        if (member.type === "file" && member.path === "b") member.file = join(tree, "gone");
        yield member;
      }
    },
  };
  const repository = memoryStore((action) => {
    if (action.startsWith("write")) truncateSync(join(tree, "c"), 1_500_000);
  });
  const report = await snapshot({ repository, sources: [moving] });
  expect(report.vanished).toEqual(["b"]);
  expect(report.skipped).toEqual([
    { path: "c", reason: expect.stringContaining("it became shorter while it was read") },
  ]);
  expect(report.verification).toMatchObject({ ok: true, problems: [] });
  const target = join(folder, "target");
  const { id } = report.snapshot;
  const keepReplacedIn = join(folder, "keep");
  await restoreSnapshot({ repository, id, target, conflict: "fail", keepReplacedIn });
  expect(readdirSync(target)).toEqual(["a", "d"]);
});

test("the repository never stores itself, and a set of nothing is known as empty", async () => {
  const tree = temporaryFolder();
  const repository = join(tree, ".studio/backups");
  expect(await sourcesAreEmpty([everything(tree), everything(join(tree, "absent"))])).toBe(true);
  writeTree(tree, { "models/a": "a", "models/b.tmp": "b", "other/c": "c" });
  const include = ["models/**", ".studio/**"];
  const source = filesSource({ directory: tree, include, exclude: ["**/*.tmp"] });
  expect(await sourcesAreEmpty([source])).toBe(false);
  await snapshot({ repository, sources: [source] });
  const report = await snapshot({ repository, sources: [source, everything(tree)] });
  expect(report.snapshot.counts).toMatchObject({ files: 3, directories: 3 });
});

test.runIf(process.getuid?.() === 0)("a file without permission is skipped by its name", () => {
  const folder = temporaryFolder();
  const tree = join(folder, "tree");
  writeTree(tree, { readable: "r", secret: "s", "closed/x": "x" });
  chmodSync(folder, 0o777);
  chmodSync(join(tree, "secret"), 0o600);
  chmodSync(join(tree, "closed"), 0o700);
  const url = (path: string): string => new URL(`../../../src/${path}`, import.meta.url).href;
  const code = `
    const { createSnapshot } = await import(${JSON.stringify(url("backup/create.ts"))});
    const { filesSource } = await import(${JSON.stringify(url("backup/files-source.ts"))});
    process.setgid(65534); process.setuid(65534);
    const report = await createSnapshot({
      repository: ${JSON.stringify(join(folder, "repository"))}, id: "20260101T000000Z-aaaa",
      set: "full", environment: "local", release: null, schemaHead: null, toolVersion: "0",
      sources: [filesSource({ directory: ${JSON.stringify(tree)}, include: ["**"], exclude: [] })],
      now: () => new Date() });
    console.log(JSON.stringify([report.skipped.map((one) => one.path), report.verification.ok]));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", code]);
  expect(JSON.parse(output.toString())).toEqual([["closed", "secret"], true]);
});

test("now is asked for each time, so a report says when it was verified", async () => {
  const folder = temporaryFolder();
  writeTree(join(folder, "tree"), { a: "a" });
  let minute = 0;
  const now = (): Date => new Date(Date.UTC(2026, 0, 1, 0, (minute += 1)));
  const sources = [everything(join(folder, "tree"))];
  const report = await snapshot({ repository: join(folder, "r"), sources, now });
  expect(Date.parse(report.verification.at)).toBeGreaterThan(Date.parse(report.snapshot.created));
});
