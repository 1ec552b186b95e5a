import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "./studio.ts";

/** Adds the nth migration of several statements to the project; it can be reverted. */
export function addMigration(project: TestProject, nth: number, compatible = true): void {
  mkdirSync(join(project.directory, "migrations"), { recursive: true });
  const time = new Date(Date.UTC(2027, 0, 1) + nth * 1000)
    .toISOString()
    .replaceAll(/[-:]|\.000/g, "");
  project.write(
    `migrations/${time}-round-${nth}.ts`,
    `export const compatible = ${compatible};

export async function up(knex) {
  await knex.schema.createTable("round_${nth}", (table) => {
    table.increments();
    table.text("word").index();
  });
  await knex("round_${nth}").insert({ word: "first" });
  await knex("round_${nth}").insert({ word: "second" });
}

export async function down(knex) {
  await knex("round_${nth}").delete();
  await knex.schema.dropTable("round_${nth}");
}
`,
  );
}
