import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMigration } from "../../../../src/migrate/create/create.ts";
import type { MigrationContent } from "../../../../src/migrate/create/template.ts";
import { wordsOf } from "../../../../src/migrate/create/words.ts";
import { loadMigration } from "../../../../src/migrate/module.ts";
import { readSqlMigration } from "../../../../src/migrate/script/sql-file.ts";
import { listMigrations } from "../../../../src/migrate/source.ts";

const now = new Date("2026-11-20T21:05:00.900Z");

let root: string;
let directory: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "studio-create-"));
  directory = join(root, "database", "migrations");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const create = (words: string, kind: "sql" | "ts" = "sql") =>
  createMigration({ directory, words, kind, now });

const read = ([file = ""]: string[]) => readFileSync(file, "utf8");

describe("the words of a name", () => {
  test.each([
    ["Add users!", "add-users"],
    ["  add   users  ", "add-users"],
    ["AddUsersTable2", "add-users-table2"],
    ["add_users.sql", "add-users-sql"],
    ["Größe ändern", "gro-e-andern"],
    ["../../etc/passwd", "etc-passwd"],
    ["a".repeat(80), "a".repeat(60)],
    [`${"word ".repeat(11)}longer and more`, "word-".repeat(11).slice(0, -1)],
  ])("of %j are %s", (text, words) => {
    expect(wordsOf(text)).toBe(words);
  });

  test.each(["", "  ", "!?", "Привет"])("cannot be had from %j", async (text) => {
    await expect(create(text)).rejects.toMatchObject({ code: "usage", exitCode: 2 });
    expect(readdirSync(root)).toEqual([]);
  });

  test("are those of a migration, whatever they are made from", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        expect(wordsOf(`a ${text}`)).toMatch(/^(?=.{1,60}$)[a-z0-9]+(-[a-z0-9]+)*$/);
      }),
    );
  });
});

describe("a new migration", () => {
  test("is a file in a folder that is made for it, named by the time in UTC", async () => {
    const name = "20261120T210500Z-add-users";
    expect(await create("Add users!")).toEqual({ name, files: [join(directory, `${name}.sql`)] });
    expect(listMigrations([{ folder: directory, origin: "project" }])).toMatchObject([{ name }]);
  });

  test("comes after all that are there, also those of a time to come", async () => {
    await create("one");
    expect(await create("two", "ts")).toMatchObject({ name: "20261120T210501Z-two" });
    writeFileSync(join(directory, "20291231T235959Z-far.up.sql"), "SELECT 1");
    writeFileSync(join(directory, "20301231T235959Z-notes.md"), "");
    expect(await create("three")).toMatchObject({ name: "20300101T000000Z-three" });
  });

  test("is refused after one whose time is none", async () => {
    await create("one");
    writeFileSync(join(directory, "20279999T999999Z-never.sql"), "SELECT 1");
    await expect(create("two")).rejects.toMatchObject({ code: "usage", exitCode: 2 });
  });

  test("is refused where it cannot be written", async () => {
    writeFileSync(join(root, "database"), "a file");
    await expect(create("one")).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(directory),
    });
  });

  test("never takes the place of another that another process makes at the same moment", async () => {
    const module = pathToFileURL(resolve("src/migrate/create/create.ts")).href;
    const program = `
      const { createMigration } = await import(${JSON.stringify(module)});
      const request = ${JSON.stringify({ directory, words: "same", kind: "sql" })};
      const now = new Date(${now.getTime()});
      for (let count = 0; count < 20; count++) await createMigration({ ...request, now });
    `;
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
    await Promise.all([run(), run(), run()]);
    expect(readdirSync(directory)).toHaveLength(60);
  });

  test("in SQL is not applied before it is written, and then has both ways", async () => {
    const { files } = await create("one");
    const [file = ""] = files;
    const text = read(files);
    expect(() => readSqlMigration([{ file, text }], "postgres")).toThrow(/no statement for up/);
    const written = text
      .replace("-- studio: up\n", "-- studio: up\nSELECT 1;\n")
      .replace("-- studio: down\n", "-- studio: down\nSELECT 2;\n");
    expect(readSqlMigration([{ file, text: written }], "mysql").statements).toMatchObject({
      up: [{ sql: "SELECT 1" }],
      down: [{ sql: "SELECT 2" }],
    });
  });

  test("in TypeScript can be loaded, and is not applied before it is written", async () => {
    const { files } = await create("one", "ts");
    const [file = ""] = files;
    const module = await loadMigration({ file, checksum: "x" }, "sqlite");
    expect(module).toMatchObject({ compatible: null, transactional: true, statements: null });
    await expect(module.up(null as never)).rejects.toThrow("not written yet");
    await expect(module.down?.(null as never)).rejects.toThrow("not written yet");
  });
});

describe("a new migration with content", () => {
  const write = (content: MigrationContent) =>
    createMigration({ directory, words: "a", kind: "sql", now, content });

  test("holds its statements, and as comments those that a person must decide on", async () => {
    const { files } = await write({
      up: [
        { sql: "CREATE TABLE a (\n  b int\n)", heldBack: null },
        { sql: "DROP TABLE c -- c", heldBack: "It would lose data.\nRename it?" },
      ],
      down: [{ sql: "DROP TABLE a -- a", heldBack: null }],
      transactional: true,
      notes: ["Made from schema.ts."],
    });
    expect(read(files)).toBe(`-- Made from schema.ts.

-- studio: up
CREATE TABLE a (
  b int
);
-- It would lose data.
-- Rename it?
-- DROP TABLE c -- c
-- ;

-- studio: down
DROP TABLE a -- a
;
`);
  });

  test("says that it runs outside of a transaction, with one statement each way", async () => {
    const index = { sql: "CREATE INDEX CONCURRENTLY a ON b (c)", heldBack: null };
    const content = { up: [index], down: [], transactional: false, notes: [] };
    const { files } = await write(content);
    const [file = ""] = files;
    expect(readSqlMigration([{ file, text: read(files) }], "postgres")).toMatchObject({
      transactional: false,
      statements: { up: [{ sql: index.sql }], down: null },
    });
    await expect(write({ ...content, up: [index, index] })).rejects.toThrow(/one statement/);
  });

  test("has no directive by accident", async () => {
    const { files } = await write({
      up: [
        { sql: "SELECT 1", heldBack: null },
        { sql: "DROP TABLE '\nstudio: down\n'", heldBack: "studio: up" },
      ],
      down: [],
      transactional: true,
      notes: ["studio: compatible true"],
    });
    const [file = ""] = files;
    expect(readSqlMigration([{ file, text: read(files) }], "postgres")).toMatchObject({
      compatible: null,
      statements: { up: [{ sql: "SELECT 1" }], down: null },
    });
  });
});
