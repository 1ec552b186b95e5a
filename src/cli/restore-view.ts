import type { BootstrapResult } from "../deploy/bootstrap.ts";
import type { RestorePlanView, RestoreResult } from "../deploy/restore.ts";
import { roughBytes, roughDuration } from "../format/rough.ts";
import { type Block, fields, heading, list, table, text } from "./blocks.ts";

export function restorePlanBlocks({ entries, database, steps }: RestorePlanView): Block[] {
  const changed = entries.filter((entry) => entry.state !== "same");
  return [
    fields([["database", database ?? "not touched"]]),
    table(
      ["STATE", "PATH"],
      changed.map((entry) => [entry.state, entry.path]),
      database === null ? "all files are the same" : "no file is touched",
    ),
    heading("Steps"),
    list(steps),
    text("Nothing was changed.", "dim"),
  ];
}

export function restoreBlocks(result: RestoreResult): Block[] {
  return [
    text(`Snapshot ${result.snapshot} was restored.`, "good"),
    fields([
      ["files written", String(result.written)],
      ["database", result.database ?? "not touched"],
      ["database before", result.databaseKeptAs ?? "none was replaced"],
      ["replaced", `kept in ${result.replacedKeptIn}`],
    ]),
    ...(result.tables.length === 0 ? [] : [tablesOf(result)]),
  ];
}

function tablesOf({ tables }: RestoreResult): Block {
  return table(
    ["TABLE", ">ROWS", "ROWS OF BEFORE"],
    tables.map(({ name, rows, keptAs }) => [name, String(rows), keptAs ?? "there was none"]),
    "",
  );
}

export function bootstrapBlocks({ timing, history, ...result }: BootstrapResult): Block[] {
  return [
    text(`Release ${result.release} serves what snapshot ${result.snapshot} held.`, "good"),
    fields([
      ["url", result.url],
      ["as of", result.taken],
      ["files", `${result.files} (${roughBytes(result.bytes)})`],
      ["history", `${history.operations} operations, ${history.releases} releases`],
      [
        "time taken",
        `${roughDuration(timing.total)}: restore ${roughDuration(timing.restore)}, deploy ${roughDuration(timing.deploy)}`,
      ],
    ]),
  ];
}
