import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateIdentity, identityFileText } from "../../../src/backup/age/identity.ts";
import { type Difference, compareSnapshots } from "../../../src/backup/contents/difference.ts";
import { compareWithFolder } from "../../../src/backup/contents/folder-difference.ts";
import { sqliteSource } from "../../../src/backup/sources/sqlite.ts";
import { openSqliteFile } from "../../../src/sqlite/open.ts";
import { type MemoryStore, memoryStore } from "../../support/memory-store.ts";
import { everything, open, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";

const identity = generateIdentity();
const identityFile = identityFileText(identity, new Date(0));

/** A folder with a repository, of which snapshots are taken. */
function project(recipients: string[] = []) {
  const folder = temporaryFolder();
  const workDirectory = temporaryFolder();
  const store = memoryStore();
  const identities = recipients.length === 0 ? [] : [identityFile];
  return {
    folder,
    store,
    take: async () => {
      const sources = [everything(folder)];
      const made = await snapshot({ store, sources, recipients, workDirectory });
      return open(store, made.snapshot.id, identities);
    },
    now: async (before: Awaited<ReturnType<typeof open>>, path = "") => {
      const sources = [everything(folder)];
      const rest = { sources, workDirectory, repository: null };
      return compareWithFolder({ before, directory: folder, path, ...rest });
    },
  };
}

/** `changed a (content, time)`, `moved a -> b`. */
function told({ changes }: Difference): string[] {
  return changes.map(({ change, path, before, aspects }) => {
    const where = change === "moved" ? `${before?.path} -> ${path}` : path;
    return `${change} ${where}${aspects.length > 0 ? ` (${aspects.join(", ")})` : ""}`;
  });
}

function alter(folder: string): void {
  const at = (path: string) => join(folder, path);
  writeFileSync(at("grown"), "longer than before");
  writeFileSync(at("same-length"), "xyz");
  utimesSync(at("touched"), 1, 1);
  chmodSync(at("locked"), 0o600);
  rmSync(at("gone"));
  writeFileSync(at("new"), "fresh");
  renameSync(at("here"), at("there"));
  rmSync(at("link"));
  symlinkSync("new", at("link"));
  lutimesSync(at("link"), 5, 5);
  rmSync(at("kind"));
  mkdirSync(at("kind"));
}

const tree = {
  grown: "long",
  "same-length": "abc",
  touched: "t",
  locked: "l",
  gone: "g",
  here: "moved content",
  kind: "k",
  kept: "kept",
};

const alterations = [
  "removed gone",
  "changed grown (content, time)",
  "changed kind (type)",
  "changed link (target)",
  "changed locked (mode)",
  "added new",
  "changed same-length (content, time)",
  "moved here -> there",
  "changed touched (time)",
];

function prepare(folder: string): void {
  writeTree(folder, tree);
  symlinkSync("kept", join(folder, "link"));
  lutimesSync(join(folder, "link"), 5, 5);
  for (const name of Object.keys(tree)) {
    chmodSync(join(folder, name), 0o644);
    utimesSync(join(folder, name), 1000, 1000);
  }
}

test.each([
  ["plain", []],
  ["encrypted", [identity.recipient]],
])("two %s snapshots are told apart by each thing that can differ", async (_how, recipients) => {
  const { folder, take } = project(recipients);
  prepare(folder);
  const before = await take();
  alter(folder);
  const after = await take();
  const difference = await compareSnapshots({ before, after, path: "" });
  expect(told(difference)).toEqual(alterations);
  expect(difference.counts).toEqual({ added: 1, removed: 1, changed: 6, moved: 1 });
  const back = await compareSnapshots({ before: after, after: before, path: "" });
  expect(back.counts).toEqual({ added: 1, removed: 1, changed: 6, moved: 1 });
});

test("a snapshot is told from the folder as it is now just as from the next snapshot", async () => {
  const { folder, take, now } = project();
  prepare(folder);
  const before = await take();
  expect(told(await now(before))).toEqual([]);
  alter(folder);
  expect(told(await now(before))).toEqual(alterations);
  expect(told(await now(await take()))).toEqual([]);
});

test("only what lies at or below a path is compared when one is given", async () => {
  const { folder, take, now } = project();
  writeTree(folder, { "a/one": "1", "ab/two": "2" });
  const before = await take();
  writeTree(folder, { "a/one": "11", "ab/two": "22", "a/new": "" });
  const after = await take();
  const expected = ["added a/new", "changed a/one (content, time)"];
  expect(told(await compareSnapshots({ before, after, path: "a/" }))).toEqual(expected);
  expect(told(await now(before, "a"))).toEqual(expected);
});

test("two names of one file stay so, and one that became a file of its own is told", async () => {
  const { folder, take, now } = project();
  writeTree(folder, { one: "text" });
  linkSync(join(folder, "one"), join(folder, "two"));
  const before = await take();
  expect(told(await now(before))).toEqual([]);
  rmSync(join(folder, "two"));
  writeFileSync(join(folder, "two"), "text");
  expect(told(await now(before))).toContain("changed two (type)");
  const after = await take();
  expect(told(await compareSnapshots({ before, after, path: "" }))).toContain("changed two (type)");
});

test("pages that both snapshots have are not read, but for what is amended", async () => {
  const { folder, store, take } = project();
  const names = Array.from({ length: 6000 }, (_, index) => [`file-${index}`, ""] as const);
  writeTree(folder, Object.fromEntries(names));
  const before = await take();
  writeFileSync(join(folder, "file-3000"), "changed");
  const after = await take();
  const shared = await sharedPages(before, after);
  expect(shared.length).toBeGreaterThan(2);
  for (const sha256 of shared) remove(store, sha256);
  const difference = await compareSnapshots({ before, after, path: "" });
  expect(told(difference)).toEqual(["changed file-3000 (content, time)"]);
});

async function sharedPages(...both: Awaited<ReturnType<typeof open>>[]): Promise<string[]> {
  const [one, other] = await Promise.all(both.map((from) => from.manifest()));
  const names = new Set(one?.pages.map(({ sha256 }) => sha256));
  const whole = (other?.pages ?? []).filter(({ amended }) => amended === 0);
  return whole.map(({ sha256 }) => sha256).filter((name) => names.has(name));
}

function remove({ files }: MemoryStore, sha256: string): void {
  for (const key of files.keys()) if (key.includes(sha256)) files.delete(key);
}

test("databases are compared by the rows of their tables, and their copies are no files", async () => {
  const folder = temporaryFolder();
  const store = memoryStore();
  const file = join(folder, "data.sqlite3");
  const database = openSqliteFile(file, { timeout: 1000, readonly: false });
  const take = async () => {
    const sources = [sqliteSource({ file, label: "database" })];
    const made = await snapshot({ store, sources });
    return open(store, made.snapshot.id);
  };
  database.exec("CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO a VALUES (1), (2)");
  const first = await take();
  database.exec("CREATE TABLE c (x); DROP TABLE b; DELETE FROM a WHERE x = 1");
  const second = await take();
  database.exec("UPDATE a SET x = 3");
  const third = await take();
  database.close();

  const difference = await compareSnapshots({ before: first, after: second, path: "" });
  expect(difference.changes).toEqual([]);
  expect(difference.databases).toEqual([
    {
      label: "database",
      change: "changed",
      tables: [
        { table: "a", change: "changed", before: 2, after: 1 },
        { table: "b", change: "removed", before: 0, after: null },
        { table: "c", change: "added", before: null, after: 0 },
      ],
    },
  ]);
  const rewritten = await compareSnapshots({ before: second, after: third, path: "" });
  expect(rewritten.databases).toEqual([{ label: "database", change: "changed", tables: [] }]);
  const same = await compareSnapshots({ before: third, after: third, path: "" });
  expect(same.databases).toEqual([]);
});
