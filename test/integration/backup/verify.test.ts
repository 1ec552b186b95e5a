import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { sqliteSource } from "../../../src/backup/sqlite-source.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { verifySnapshot } from "../../../src/backup/verify.ts";
import { clock, everything, snapshot, temporaryFolder, writeTree } from "./fixtures.ts";
import { memoryStore } from "./memory-store.ts";

test("a flipped bit in any byte of any object is found", async () => {
  const tree = temporaryFolder();
  writeTree(tree, { "models/a.onnx": randomBytes(300), "b.txt": "text ".repeat(50) });
  const store = memoryStore();
  const { snapshot: made } = await snapshot({ repository: store, sources: [everything(tree)] });
  const keys = [...store.objects.keys()].filter(
    (key) => key.startsWith("snapshots/") && !key.endsWith("verified.json"),
  );
  expect(keys.map((key) => key.split("/")[2] ?? "").toSorted()).toEqual([
    "COMMIT",
    "SHA256SUMS",
    "data-0001.tar.zst",
    "manifest.jsonl.zst",
  ]);
  for (const key of keys) {
    const bytes = store.objects.get(key) ?? Buffer.alloc(0);
    for (let position = 0; position < bytes.length; position += 1) {
      const bit = 1 << (position % 8);
      bytes[position] = (bytes[position] ?? 0) ^ bit;
      const report = await verifySnapshot({ repository: store, id: made.id, now: clock });
      expect(report, `${key} at ${position}`).toMatchObject({ ok: false });
      expect(report.problems.length).toBeGreaterThan(0);
      bytes[position] = (bytes[position] ?? 0) ^ bit;
    }
  }
  const report = await verifySnapshot({ repository: store, id: made.id, now: clock });
  expect(report).toMatchObject({ ok: true, problems: [] });
}, 20_000);

test("a truncated, emptied or missing object is found, on disk", async () => {
  const folder = temporaryFolder();
  const repository = join(folder, "repository");
  writeTree(join(folder, "tree"), { "a.bin": randomBytes(2_500_000), b: "b" });
  const sources = [everything(join(folder, "tree"))];
  const { snapshot: made } = await snapshot({ repository, sources });
  const path = join(repository, "snapshots", made.id);
  for (const name of ["data-0001.tar.zst", "manifest.jsonl.zst", "SHA256SUMS"]) {
    const whole = readFileSync(join(path, name));
    for (const length of [whole.length - 1, Math.floor(whole.length / 2), 0]) {
      truncateSync(join(path, name), length);
      const report = await verifySnapshot({ repository, id: made.id, now: clock });
      expect(report.problems.join(), `${name} cut to ${length}`).not.toBe("");
      expect((await listSnapshots(repository))[0]?.verification?.ok).toBe(false);
      writeFileSync(join(path, name), whole);
    }
    rmSync(join(path, name));
    const report = await verifySnapshot({ repository, id: made.id, now: clock });
    expect(report.problems.join()).toContain("missing");
    writeFileSync(join(path, name), whole);
  }
  expect(await verifySnapshot({ repository, id: made.id, now: clock })).toMatchObject({ ok: true });
  expect((await listSnapshots(repository))[0]?.verification?.ok).toBe(true);
});

test("a snapshot without COMMIT does not exist; one with a damaged COMMIT is listed as such", async () => {
  const folder = temporaryFolder();
  const repository = join(folder, "repository");
  writeTree(join(folder, "tree"), { a: "a" });
  const sources = [everything(join(folder, "tree"))];
  const one = await snapshot({ repository, sources });
  const two = await snapshot({ repository, sources, id: "20990101T000000Z-aaaa" });
  const commit = join(repository, "snapshots", two.snapshot.id, "COMMIT");
  writeFileSync(commit, readFileSync(commit, "utf8").replace('"full"', '"fuel"'));
  const listed = await listSnapshots(repository);
  expect(listed.map(({ id, damaged }) => [id, damaged !== null])).toEqual([
    [one.snapshot.id, false],
    [two.snapshot.id, true],
  ]);
  rmSync(commit);
  expect((await listSnapshots(repository)).map(({ id }) => id)).toEqual([one.snapshot.id]);
  await expect(
    verifySnapshot({ repository, id: two.snapshot.id, now: clock }),
  ).rejects.toMatchObject({ exitCode: 2 });
});

test("a repository of a newer format is refused, a folder that is not there is empty", async () => {
  const folder = temporaryFolder();
  writeTree(folder, { "new/config.json": '{"format":2}', "broken/config.json": "{" });
  const sources = [everything(folder)];
  const repository = join(folder, "new");
  await expect(listSnapshots(repository)).rejects.toMatchObject({ code: "backup.newerFormat" });
  await expect(snapshot({ repository, sources })).rejects.toMatchObject({
    code: "backup.newerFormat",
    exitCode: 2,
  });
  await expect(listSnapshots(join(folder, "broken"))).rejects.toMatchObject({ exitCode: 8 });
  expect(await listSnapshots(join(folder, "absent"))).toEqual([]);
});

test("rows that are not those of the backup are found in the copy of a database", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "studio.db");
  const database = new Database(file);
  database.exec("CREATE TABLE notes (text); INSERT INTO notes VALUES ('a'), ('b')");
  database.close();
  const source = sqliteSource({ file, label: "database" });
  const miscounted = {
    ...source,
    async *members(context: Parameters<typeof source.members>[0]) {
      for await (const member of source.members(context)) {
        if (member.type !== "file" || member.database === undefined) continue;
        yield { ...member, database: { ...member.database, tables: { notes: 3, gone: 1 } } };
      }
    },
  };
  const report = await snapshot({ repository: join(folder, "r"), sources: [miscounted] });
  expect(report.snapshot.verification?.ok).toBe(false);
  expect(report.verification.problems).toEqual([
    "Database database: table notes has 2 rows, not 3.",
    "Database database: table gone has undefined rows, not 1.",
  ]);
});
