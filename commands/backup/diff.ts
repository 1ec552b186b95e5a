import { type Block, fields, heading, table } from "../../src/cli/blocks.ts";
import { defineCommand, listOption } from "../../src/cli/command.ts";
import { roughBytes } from "../../src/format/rough.ts";
import type { PathChange } from "../../src/backup/contents/changes.ts";
import type { DiffReport } from "../../src/deploy/diff-snapshots.ts";

export default defineCommand<DiffReport>({
  description:
    "Shows in what two snapshots differ: files that came, went, changed or moved, and tables " +
    "whose number of rows changed. In place of the second, . stands for the project as it is " +
    "now; its files are compared by size and time, and read where the time alone differs.",
  arguments: [
    { name: "A", summary: "Snapshot, its name, or latest", required: true, complete: "snapshots" },
    { name: "B", summary: "Another, or . for now", required: true, complete: "snapshots" },
    { name: "PATH", summary: "Only this, and what lies below it" },
  ],
  options: [
    { flags: "--identity <file>", summary: "age key of encrypted snapshots", repeatable: true },
  ],
  examples: [
    { line: "studio backup diff latest .", does: "what changed since the last snapshot?" },
    {
      line: "studio backup diff before latest models",
      does: "compare the models in two snapshots",
    },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 4, 8, 130, 143],
  async run(context, input) {
    const { diffSnapshots } = await import("../../src/deploy/diff-snapshots.ts");
    const path = await import("node:path");
    const [before = "", after = "", limit = ""] = input.arguments;
    const result = await diffSnapshots(await context.view(), {
      before,
      after,
      path: limit,
      identityFiles: listOption(input, "identity").map((file) => path.resolve(context.cwd, file)),
      signal: context.signal,
    });
    if (result.after !== null && result.before.set !== result.after.set) {
      context.output.warn(
        `The snapshots are of different sets, ${result.before.set} and ${result.after.set}.`,
      );
    }
    for (const skipped of result.skipped) {
      context.output.warn(`${skipped.path} was not compared: ${skipped.reason}`);
    }
    return { result };
  },
  human: (report) => [
    table(
      ["CHANGE", "PATH", "IN", ">BEFORE", ">AFTER"],
      report.changes.map((one) => [
        one.change,
        one.change === "moved" ? `${one.before?.path} -> ${one.path}` : one.path,
        one.aspects.join(", "),
        sizeOf(one.before),
        sizeOf(one.after),
      ]),
      "no file differs",
    ),
    ...databasesOf(report),
    fields([
      ["added", String(report.counts.added)],
      ["removed", String(report.counts.removed)],
      ["changed", String(report.counts.changed)],
      ["moved", String(report.counts.moved)],
    ]),
  ],
});

function sizeOf(entry: PathChange["before"]): string {
  return entry?.type === "file" ? roughBytes(entry.bytes) : "";
}

function databasesOf({ databases }: DiffReport): Block[] {
  if (databases === null) return [];
  const rows = databases.flatMap(({ label, change, tables }) =>
    tables.length === 0
      ? [[label, "", change, "", ""]]
      : tables.map((one) => [
          label,
          one.table,
          one.change,
          countOf(one.before),
          countOf(one.after),
        ]),
  );
  return [
    heading("Databases"),
    table(["DATABASE", "TABLE", "CHANGE", ">ROWS BEFORE", ">AFTER"], rows, "none differs"),
  ];
}

function countOf(rows: number | null): string {
  return rows === null ? "" : String(rows);
}
