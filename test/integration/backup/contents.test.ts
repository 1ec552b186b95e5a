import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ListOptions, listContents } from "../../../src/backup/contents/listing.ts";
import type { Snapshot } from "../../../src/backup/snapshot/open-snapshot.ts";
import { pathFromBytes, systemPath } from "../../../src/backup/format/path-text.ts";
import { writeFileSync } from "node:fs";
import { memoryStore } from "../../support/memory-store.ts";
import { everything, open, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";

async function snapshotOf(files: Record<string, string>, also?: (folder: string) => void) {
  const folder = temporaryFolder();
  writeTree(folder, files);
  also?.(folder);
  const store = memoryStore();
  const { snapshot: made } = await snapshot({ store, sources: [everything(folder)] });
  return open(store, made.id);
}

async function pathsOf(from: Snapshot, options: Partial<ListOptions> = {}): Promise<string[]> {
  const { entries } = await listContents(from, { path: "", all: false, ...options });
  return entries.map(({ path }) => path);
}

const tree = { "a/one": "1", "a/deep/two": "22", "a/deep/er/three": "333", ab: "x", "z/four": "" };

test("the first level of a snapshot is listed, with what lies below each folder", async () => {
  const { entries } = await listContents(await snapshotOf(tree), { path: "", all: false });
  expect(entries.map(({ path, files, bytes }) => [path, files, bytes])).toEqual([
    ["a", 3, 6],
    ["ab", null, 1],
    ["z", 1, 0],
  ]);
});

test("the first level of a folder is listed, however the folder is written", async () => {
  const from = await snapshotOf(tree);
  for (const path of ["a", "a/", "./a"]) {
    expect(await pathsOf(from, { path })).toEqual(["a/deep", "a/one"]);
  }
  expect(await pathsOf(from, { path: "a/one" })).toEqual(["a/one"]);
});

test("every entry below a path is listed when all are asked for", async () => {
  const from = await snapshotOf(tree);
  const below = ["a", "a/deep", "a/deep/er", "a/deep/er/three", "a/deep/two", "a/one"];
  expect(await pathsOf(from, { path: "a", all: true })).toEqual(below);
  expect(await pathsOf(from, { all: true })).toEqual([...below, "ab", "z", "z/four"]);
});

test("a path that is not in the snapshot is refused, also the start of a name", async () => {
  const from = await snapshotOf(tree);
  await expect(pathsOf(from, { path: "a/o" })).rejects.toMatchObject({ exitCode: 2 });
});

test("what a file is is told: mode, owner, time, hash, and where a link points", async () => {
  const from = await snapshotOf({ file: "text" }, (folder) => {
    symlinkSync("file", join(folder, "link"));
    mkdirSync(join(folder, "empty"));
  });
  const { entries } = await listContents(from, { path: "", all: false });
  expect(entries).toMatchObject([
    { path: "empty", type: "directory", files: 0, sha256: null },
    {
      path: "file",
      type: "file",
      mode: expect.stringMatching(/^0[0-7]{3}$/),
      uid: process.getuid?.(),
      modified: expect.stringMatching(/^\d{4}-.*Z$/),
      bytes: 4,
      sha256: "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
    },
    { path: "link", type: "symlink", target: "file", bytes: 0 },
  ]);
});

test("a name that is no text is shown in one line, and can be asked for so", async () => {
  const name = pathFromBytes(Buffer.from([0x66, 0xff, 0x0a, 0x5c]));
  const from = await snapshotOf({}, (folder) => {
    mkdirSync(systemPath(`${folder}/${name}`));
    writeFileSync(systemPath(`${folder}/${name}/inside`), "x");
  });
  expect(await pathsOf(from)).toEqual(["f\\377\\012\\\\"]);
  expect(await pathsOf(from, { path: "f\\377\\012\\\\" })).toEqual(["f\\377\\012\\\\/inside"]);
});
