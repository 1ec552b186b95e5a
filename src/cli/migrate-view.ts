import type { MigrateResult } from "../deploy/migrate.ts";
import type { MigratePreview } from "../deploy/preview-migrate.ts";
import { type Block, heading, list, text } from "./blocks.ts";
import type { OptionSpec } from "./command.ts";

/** What every command takes that works on a database. */
export const databaseOption: OptionSpec = {
  flags: "--database-url-file <file>",
  summary: "Work on the database whose URL stands in this file",
  complete: "files",
};

export function migrateBlocks(result: MigrateResult | MigratePreview): Block[] {
  if ("migrations" in result) return previewBlocks(result);
  return [
    list([...result.applied, ...result.reverted]),
    text(`Schema head: ${result.head ?? "empty"}`),
  ];
}

/** The SQL that would be sent, as it could be typed. */
function previewBlocks({ migrations }: MigratePreview): Block[] {
  if (migrations.length === 0) return [text("Nothing to do."), text("Nothing was changed.", "dim")];
  return [
    ...migrations.flatMap(({ name, statements, readsData, stoppedBy, transactional }) => [
      heading(name),
      ...statements.map(({ sql }) => text(`${sql};`)),
      ...remarks(readsData, stoppedBy, transactional).map((remark) => text(remark, "dim")),
    ]),
    text("Nothing was changed.", "dim"),
  ];
}

function remarks(readsData: boolean, stoppedBy: string | null, transactional: boolean): string[] {
  return [
    ...(transactional ? [] : ["-- not in a transaction"]),
    ...(readsData ? ["-- the program asks for data: what it does with it is not shown"] : []),
    ...(stoppedBy === null ? [] : [`-- the program stopped here without a database: ${stoppedBy}`]),
  ];
}
