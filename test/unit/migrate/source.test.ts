import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checksumOf, checksumOfFiles } from "../../../src/migrate/checksum.ts";
import {
  type MigrationFolder,
  listMigrations,
  loadMigrations,
} from "../../../src/migrate/source.ts";
import { writeChecksums } from "../../../src/migrate/write-checksums.ts";

const first = "20260101T000000Z-first";
const second = "20260201T000000Z-second";
const both = "export async function up() {}\nexport async function down() {}\n";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-migrations-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const readAll = async (folders: MigrationFolder[]) =>
  loadMigrations(listMigrations(folders), "sqlite");
const read = (path = folder) => readAll([{ folder: path, origin: "project" }]);

describe("migrations are read", () => {
  test("sorted by name, with checksum and flags", async () => {
    const file = write(`${second}.js`, "export const compatible = true; export function up() {}\n");
    write(`${first}.ts`, both);
    write("README.md", "not a migration");
    const [one, two] = await read();
    expect(one).toMatchObject({ name: first, reversible: true, compatible: null });
    expect(two).toEqual({
      name: second,
      file,
      files: [file],
      checksum: checksumOf("export const compatible = true; export function up() {}\n"),
      compatible: true,
      reversible: false,
      origin: "project",
    });
  });

  test("from a default-exported object too", async () => {
    write(`${first}.ts`, "export default { up() {}, down() {}, compatible: true };");
    expect(await read()).toMatchObject([{ reversible: true, compatible: true }]);
  });

  test("from no folder as none", async () => {
    expect(await read(join(folder, "absent"))).toEqual([]);
  });

  test("once from a folder that is named twice", async () => {
    write(`${first}.ts`, both);
    const link = join(folder, "link");
    symlinkSync(folder, link);
    const folders = [
      { folder, origin: "studio" as const },
      { folder: link, origin: "project" as const },
    ];
    const migrations = await readAll(folders);
    expect(migrations).toMatchObject([{ name: first, origin: "studio" }]);
  });

  test("anew after an edit in the same process", async () => {
    write(`${first}.ts`, "export function up() {}");
    expect(await read()).toMatchObject([{ reversible: false }]);
    write(`${first}.ts`, both);
    expect(await read()).toMatchObject([{ reversible: true }]);
  });

  test("from SQL, as one file or as a pair", async () => {
    const file = write(`${first}.sql`, "-- studio: compatible false\n\nCREATE TABLE a (b);\n");
    const up = write(`${second}.up.sql`, "CREATE TABLE c (d);");
    const down = write(`${second}.down.sql`, "DROP TABLE c;");
    const [one, two] = await read();
    expect(one).toMatchObject({ files: [file], compatible: false, reversible: false });
    expect(two).toEqual({
      name: second,
      file: up,
      files: [up, down],
      checksum: checksumOfFiles(["CREATE TABLE c (d);", "DROP TABLE c;"]),
      compatible: null,
      reversible: true,
      origin: "project",
    });
    expect(one?.checksum).toBe(checksumOf("-- studio: compatible false\n\nCREATE TABLE a (b);\n"));
  });

  test("for a list without a look at their content", () => {
    write(`${first}.sql`, "SELECT '");
    expect(listMigrations([{ folder, origin: "project" }])).toMatchObject([{ name: first }]);
  });

  test("with a checksum of both files of a pair", () => {
    expect(checksumOfFiles(["a\r\n", "b"])).toBe(checksumOf("a\n\0b"));
  });

  test("with the same checksum whatever the line ends", () => {
    expect(checksumOf("a\r\nb\r\n")).toBe(checksumOf("a\nb\n"));
  });
});

describe("a migration is refused, naming the file,", () => {
  const unfit = ["add-users.ts", "2026-add.sql", "add-users.up.sql", `${first}_x.ts`];
  const unused = [`${first}.mjs`, `${first}.cts`, `${first}.down.sql`, `${first}.UP.sql`];

  test.each([...unfit, ...unused])("when it is called %s", async (name) => {
    const file = write(name, both);
    await expect(read()).rejects.toMatchObject({ exitCode: 2, details: { file } });
  });

  test("when another folder has one of its name", async () => {
    write(`${first}.ts`, both);
    mkdirSync(join(folder, "other"));
    write(`other/${first}.ts`, both);
    const folders = [folder, join(folder, "other")];
    await expect(
      readAll(folders.map((path) => ({ folder: path, origin: "project" }))),
    ).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining("same name") });
  });

  test("when there is one in SQL and a pair", async () => {
    write(`${first}.sql`, "SELECT 1");
    write(`${first}.up.sql`, "SELECT 1");
    await expect(read()).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("same name"),
    });
  });

  test("with every other one that cannot be used, by file and line", async () => {
    const one = write(`${first}.ts`, "export function down() {}");
    const two = write(`${second}.sql`, "SELECT 1;\nCOMMIT;\n");
    const error = (await read().catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({
      code: "migration.invalid",
      exitCode: 2,
      details: {
        faults: [
          { file: one, line: null },
          { file: two, line: 2 },
        ],
      },
    });
    expect(error.message).toContain(`\n${two}:2: COMMIT is`);
  });

  test("with every other name that cannot be used", async () => {
    write("add-users.ts", both);
    write(`${first}.mjs`, both);
    await expect(read()).rejects.toMatchObject({ details: { faults: [{}, {}] } });
  });

  test.each([
    ["it has no up", "export function down() {}", null],
    ["down is no function", "export function up() {}\nexport const down = 1;", null],
    ["compatible is no boolean", "export function up() {}\nexport const compatible = 'yes';", null],
    ["transaction is no boolean", "export function up() {}\nexport const transaction = 1;", null],
    ["allow is no list", "export function up() {}\nexport const allow = 'all';", null],
  ])("when %s", async (_case, text, line) => {
    const file = write(`${first}.ts`, text);
    await expect(read()).rejects.toMatchObject({ exitCode: 2, details: { file, line } });
  });
});

describe("compiled migrations", () => {
  test("carry the checksum of their TypeScript source", async () => {
    const compiled = join(folder, "dist");
    mkdirSync(compiled);
    write(`${first}.ts`, both);
    write(`dist/${first}.js`, "export async function up() { }");
    const [source] = await read();
    await writeChecksums(folder, compiled);
    expect(await read(compiled)).toMatchObject([{ checksum: source?.checksum }]);
  });

  test("that the list beside them leaves out are refused", async () => {
    write(`${first}.js`, both);
    write("checksums.json", "{}");
    await expect(read()).rejects.toMatchObject({ exitCode: 2 });
  });

  test("cannot be listed when one was not compiled", async () => {
    write(`${first}.ts`, both);
    mkdirSync(join(folder, "dist"));
    await expect(writeChecksums(folder, join(folder, "dist"))).rejects.toThrow(/does not exist/);
  });
});
