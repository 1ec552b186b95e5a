import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exportSnapshot } from "../../../src/backup/export/export.ts";
import type { ArchiveFormat } from "../../../src/backup/export/formats.ts";
import { archiveOf, member, pax } from "./archive-bytes.ts";
import { everything, open, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";
import { buildHostileTree } from "./hostile-tree.ts";
import { imported, unpacked } from "./imports.ts";
import { timeLimit } from "../../support/every.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { describeTree } from "./trees.ts";
import { type Item, build, item } from "./random-tree.ts";

const root = process.getuid?.() === 0;

function missing(tool: string): boolean {
  return spawnSync(tool, ["--version"]).error !== undefined;
}

/** What each kind of archive loses of the times. */
const microseconds = 1;
const wholeSeconds = 1_000_000;

describe("archives of other programs become the tree that they were made of", () => {
  test.for([
    { name: "GNU tar", precision: wholeSeconds, words: "tar --format=gnu" },
    { name: "GNU tar, with holes", precision: wholeSeconds, words: "tar --format=gnu --sparse" },
    { name: "GNU tar as pax", precision: microseconds, words: "tar --format=pax" },
    ...["0.0", "0.1", "1.0"].map((version) => ({
      name: `GNU tar as pax, with holes ${version}`,
      precision: microseconds,
      words: `tar --format=pax --sparse --sparse-version=${version}`,
    })),
    { name: "GNU tar and gzip", precision: wholeSeconds, words: "tar --gzip" },
    { name: "GNU tar and zstd", precision: wholeSeconds, words: "tar --zstd" },
    { name: "bsdtar as pax", precision: microseconds, words: "bsdtar --format=pax" },
    { name: "bsdtar", precision: wholeSeconds, words: "bsdtar --format=gnutar" },
  ])("$name", { timeout: 30_000 }, async ({ name, precision, words }, context) => {
    const [tool = "", ...options] = words.split(" ");
    if (missing(tool)) return context.skip(`${tool} is not installed`);
    const folder = temporaryFolder();
    const [tree, file] = [join(folder, "tree"), join(folder, "archive")];
    buildHostileTree(tree);
    rmSync(join(tree, "fifo"));
    // This format of bsdtar's has no times before 1970.
    if (name === "bsdtar") utimesSync(join(tree, "large"), 1, 1);
    execFileSync(tool, ["-c", ...options, "-f", file, "-C", tree, "."], {
      env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
      // bsdtar warns of names that are no UTF-8, and stores them all the same.
      stdio: "ignore",
    });
    const { report, target } = await imported(file);
    expect(report).toMatchObject({ skipped: [], vanished: [], changed: [] });
    expect(describeTree(target, precision)).toEqual(describeTree(tree, precision));
    for (const one of [tree, target]) chmodSync(join(one, "read only"), 0o755);
  });
});

test(
  "any tree survives being exported and imported",
  async () => {
    const cases = fc.record({
      items: fc.array(item, { minLength: 1, maxLength: 8 }),
      format: fc.constantFrom<ArchiveFormat[]>("tar", "tar.gz", "tar.zst"),
    });
    await fc.assert(
      fc.asyncProperty(
        cases,
        async ({ items, format }: { items: Item[]; format: ArchiveFormat }) => {
          const folder = temporaryFolder();
          const [tree, file] = [join(folder, "tree"), join(folder, "archive")];
          build(tree, items);
          const store = memoryStore();
          const made = await snapshot({ store, sources: [everything(tree)] });
          const output = { file, overwrite: false };
          await exportSnapshot({ snapshot: await open(store, made.snapshot.id), format, output });
          if (Object.keys(describeTree(tree)).length === 0) return;
          const { target } = await imported(file);
          expect(describeTree(target)).toEqual(describeTree(tree));
        },
      ),
      { numRuns: 12 },
    );
  },
  timeLimit(60_000),
);

describe("what archives say in unusual ways", () => {
  test("frames of zstd one after the other, with skippable ones between", async (context) => {
    if (missing("zstd")) return context.skip("zstd is not installed");
    const folder = temporaryFolder();
    const bytes = archiveOf(
      { name: "a", content: Buffer.alloc(1_000_000, "first ") },
      { name: "b", content: Buffer.alloc(500_000, "second ") },
    );
    const frames: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 400_001) {
      writeFileSync(join(folder, "piece"), bytes.subarray(at, at + 400_001));
      frames.push(execFileSync("zstd", ["-c", join(folder, "piece")], { maxBuffer: 1e9 }));
      frames.push(Buffer.from("502a4d1803000000616263", "hex"));
    }
    const file = join(folder, "archive");
    writeFileSync(file, Buffer.concat(frames));
    const members = await unpacked(file, join(folder, "scratch"));
    expect(members.map(({ path, content }) => [path, content?.length])).toEqual([
      ["a", 1_000_000],
      ["b", 500_000],
    ]);
    writeFileSync(file, Buffer.concat(frames.slice(0, -1)).subarray(0, -7));
    await expect(unpacked(file, join(folder, "again"))).rejects.toMatchObject({
      code: "import.damaged",
    });
  });

  test("gzip members one after the other", async () => {
    const bytes = archiveOf({ name: "a", content: "x".repeat(2000) });
    const folder = temporaryFolder();
    const pieces = [gzipSync(bytes.subarray(0, 900)), gzipSync(bytes.subarray(900))];
    writeFileSync(join(folder, "archive"), Buffer.concat(pieces));
    const members = await unpacked(join(folder, "archive"), join(folder, "scratch"));
    expect(members).toMatchObject([{ path: "a", size: 2000 }]);
  });

  test("names by prefix, by long names and by records; records that take others back", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "archive");
    const long = `${"d".repeat(90)}/${"e".repeat(90)}`;
    writeFileSync(
      file,
      archiveOf(
        { name: "tail", prefix: "head", content: "1" },
        member({ name: "././@LongLink", flag: "L", content: `${long}\0` }),
        { name: "short", content: "2" },
        pax({ path: "new\nline", mtime: "-1.5", uid: "3000000" }),
        { name: "ignored", content: "3" },
        pax({ uid: "77" }, "g"),
        { name: "./dots/./and//slashes", content: "4" },
        pax({ uid: "" }),
        { name: "own", content: "5", uid: 5 },
        { name: Buffer.from("n\u00ff", "latin1"), content: "6" },
        { name: "old folder/", mode: 0o700 },
      ),
    );
    const members = await unpacked(file, join(folder, "scratch"));
    const found = members.filter(({ type }) => type === "file" || type === "directory");
    expect(
      Object.fromEntries(found.map((one) => [one.path, [one.type, one.uid, one.mtime]])),
    ).toEqual({
      head: ["directory", process.getuid?.(), expect.anything()],
      "head/tail": ["file", 0, 1000],
      ["d".repeat(90)]: ["directory", process.getuid?.(), expect.anything()],
      [long]: ["file", 0, 1000],
      "new\nline": ["file", 3_000_000, -1500],
      dots: ["directory", process.getuid?.(), expect.anything()],
      "dots/and": ["directory", process.getuid?.(), expect.anything()],
      "dots/and/slashes": ["file", 77, 1000],
      own: ["file", 5, 1000],
      "n\udcff": ["file", 77, 1000],
      "old folder": ["directory", 77, 1000],
    });
  });

  test("hard links to a link, and folders that are there twice", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "archive");
    writeFileSync(
      file,
      archiveOf(
        { name: "d", flag: "5", mode: 0o755 },
        { name: "d/link", flag: "2", target: "/etc/passwd" },
        { name: "again", flag: "1", target: "./d/link" },
        { name: "d", flag: "5", mode: 0o700 },
      ),
    );
    const { target } = await imported(file);
    const link = { content: Buffer.from("/etc/passwd").toString("hex") };
    expect(describeTree(target)).toMatchObject({
      d: { mode: "40700" },
      "d/link": link,
      again: link,
    });
  });

  test.runIf(root)("owners that only the superuser could give", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "archive");
    writeFileSync(file, archiveOf({ name: "theirs", content: "x", uid: 4321, mode: 0o4755 }));
    const { target } = await imported(file);
    expect(describeTree(target)).toMatchObject({ theirs: { owner: "4321:0", mode: "104755" } });
  });
});

test("what the next snapshot of a set is compared with stays as it is through an import", async () => {
  const folder = temporaryFolder();
  const [tree, workDirectory] = [join(folder, "tree"), join(folder, "work")];
  writeTree(tree, { a: "a", "b/c": "c" });
  const store = memoryStore();
  const options = { store, sources: [everything(tree)], workDirectory };
  await snapshot(options);
  const before = describeTree(workDirectory);
  writeFileSync(join(folder, "archive"), archiveOf({ name: "a", content: "other" }));
  await imported(join(folder, "archive"), { store, workDirectory });
  const [first = ""] = Object.keys(before);
  expect({ ...describeTree(workDirectory), [first]: before[first] }).toEqual(before);
});

test("a file that is no tar archive is named for what it is", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "archive");
  const cases: [Buffer, string][] = [
    [Buffer.from("PK\u0003\u0004"), "a zip archive"],
    [Buffer.from("BZh9"), "compressed by bzip2"],
    [Buffer.from("\u00fd7zXZ\0", "latin1"), "compressed by xz"],
  ];
  for (const [bytes, what] of cases) {
    writeFileSync(file, bytes);
    await expect(unpacked(file, join(folder, "scratch"))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`${basename(file)} is ${what}`),
    });
  }
  await expect(unpacked(join(folder, "no"), join(folder, "scratch"))).rejects.toMatchObject({
    exitCode: 2,
  });
  mkdirSync(join(folder, "d"));
  await expect(unpacked(join(folder, "d"), join(folder, "scratch"))).rejects.toMatchObject({
    exitCode: 2,
  });
  writeFileSync(file, readFileSync(import.meta.filename));
  await expect(unpacked(file, join(folder, "scratch"))).rejects.toMatchObject({ exitCode: 4 });
  writeFileSync(file, "");
  await expect(unpacked(file, join(folder, "scratch"))).rejects.toMatchObject({ exitCode: 4 });
});
