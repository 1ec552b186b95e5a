import type { Knex } from "knex";
import { expect } from "vitest";
import { compareSchemas } from "../../../../src/migrate/schema/compare.ts";
import {
  type GeneratedMigration,
  type GeneratedStatement,
  generateMigration,
} from "../../../../src/migrate/schema/generate.ts";
import { type Schema, emptySchema } from "../../../../src/migrate/schema/model.ts";
import { readSchema } from "../../../../src/migrate/schema/read.ts";
import { formatSchema, parseSchema } from "../../../../src/migrate/schema/text.ts";

/** Runs the statements of a migration, all of them or those that are not commented out. */
export async function apply(
  session: Knex,
  migration: GeneratedMigration,
  direction: "up" | "down",
  which: "all" | "active" = "all",
): Promise<void> {
  const files = direction === "up" ? migration.files : migration.files.toReversed();
  for (const file of files) {
    const chosen = file[direction].filter((one) => which === "all" || isActive(one));
    if (!file.transactional) expect(file[direction]).toHaveLength(1);
    const run = async (knex: Knex) => {
      for (const { sql } of chosen) await execute(knex, sql, migration);
    };
    if (file.transactional) await session.transaction(run);
    else await run(session);
  }
}

export function isActive({ destructive, suggested }: GeneratedStatement): boolean {
  return !destructive && !suggested;
}

/** A question mark is no place for a value here. */
async function execute(knex: Knex, sql: string, migration: GeneratedMigration): Promise<void> {
  try {
    await knex.raw(sql.replaceAll("?", "\\?"));
  } catch (error) {
    const all = migration.files.flatMap((file) => [
      `-- ${file.words} up`,
      ...file.up.map((one) => `${isActive(one) ? "" : "-- "}${one.sql}`),
      `-- ${file.words} down`,
      ...file.down.map((one) => `${isActive(one) ? "" : "-- "}${one.sql}`),
    ]);
    throw new Error(`${String(error)}\nin: ${sql}\nof:\n${all.join(";\n")}`, {
      cause: error,
    });
  }
}

/** From nothing to one schema, on to another, and back, with and without what loses data. */
export async function goThereAndBack(session: Knex, one: Schema, other: Schema): Promise<void> {
  const { dialect } = one;
  for (const schema of [one, other]) {
    const text = formatSchema(schema);
    const parsed = parseSchema(text, "schema.yaml");
    expect(parsed).toEqual(schema);
    expect(formatSchema(parsed)).toBe(text);
  }
  const creation = generateMigration({ live: emptySchema(dialect), declared: one });
  await apply(session, creation, "up");
  const first = await readSchema(session, dialect);
  expect(compareSchemas(one, first)).toEqual([]);
  expect(generateMigration({ live: first, declared: one }).files).toEqual([]);

  const change = generateMigration({ live: first, declared: other });
  await apply(session, change, "up", "active");
  await apply(session, change, "down", "active");
  expect(compareSchemas(first, await readSchema(session, dialect))).toEqual([]);

  await apply(session, change, "up");
  const second = await readSchema(session, dialect);
  expect(compareSchemas(other, second)).toEqual([]);
  expect(generateMigration({ live: second, declared: other }).files).toEqual([]);
  await apply(session, change, "down");
  expect(compareSchemas(first, await readSchema(session, dialect))).toEqual([]);

  await apply(session, creation, "down");
  expect(compareSchemas(emptySchema(dialect), await readSchema(session, dialect))).toEqual([]);
}
