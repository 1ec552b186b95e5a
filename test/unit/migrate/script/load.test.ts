import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Knex } from "knex";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checksumOf, checksumOfFiles } from "../../../../src/migrate/checksum.ts";
import { placeOfError } from "../../../../src/migrate/error-place.ts";
import { loadMigration } from "../../../../src/migrate/module.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-load-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** A query builder that refuses every statement, as knex words it. */
function refusing(): Knex {
  const raw = (sql: string) => {
    throw new Error(`${sql} - no`);
  };
  return { client: {}, raw } as unknown as Knex;
}

async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (error) {
    return error;
  }
}

describe("a migration in SQL", () => {
  test("is loaded with its statements and with functions that run them", async () => {
    const text = "-- studio: allow x\n\nSELECT 1;\n-- studio: allow y\nSELECT 2";
    const file = write("a.sql", text);
    const module = await loadMigration({ file, checksum: checksumOf(text) }, "sqlite");
    const said: string[] = [];
    await module.up({ client: {}, raw: (sql: string) => said.push(sql) } as unknown as Knex);
    expect(said).toEqual(["SELECT 1", "-- studio: allow y\nSELECT 2"]);
    expect(module).not.toHaveProperty("down");
    expect(module).toMatchObject({ compatible: null, transactional: true, allow: ["x"] });
  });

  test("of two files tells in which one a statement failed", async () => {
    const texts = ["SELECT 1", "-- Back.\nSELECT 2"];
    const files = [write("a.up.sql", texts[0] ?? ""), write("a.down.sql", texts[1] ?? "")];
    const [file = ""] = files;
    const checksum = checksumOfFiles(texts);
    const module = await loadMigration({ file, files, checksum }, "sqlite");
    const up = await failureOf(() => module.up(refusing()));
    const down = await failureOf(() => module.down?.(refusing()));
    expect(placeOfError(up, "")).toEqual({ file: files[0], line: 1 });
    expect(placeOfError(down, "")).toEqual({ file: files[1], line: 2 });
    expect(up).toMatchObject({ message: "no" });
  });

  test("is refused where it is not the text that was listed", async () => {
    const file = write("a.sql", "SELECT 1");
    await expect(
      loadMigration({ file, checksum: checksumOf("SELECT 2") }, "sqlite"),
    ).rejects.toMatchObject({ code: "migration.invalid", details: { file } });
  });

  test("is refused with the line where it is not UTF-8", async () => {
    const bytes = Buffer.from("SELECT 'é';\nSELECT 'é';\n", "utf8");
    const file = write("a.sql", Buffer.concat([bytes, Buffer.from("SELECT 'é';", "latin1")]));
    await expect(loadMigration({ file, checksum: "" }, "sqlite")).rejects.toMatchObject({
      code: "migration.invalid",
      details: { file, line: 3 },
    });
  });
});
