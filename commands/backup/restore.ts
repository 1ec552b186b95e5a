import type { ConflictPolicy } from "../../src/backup/restore/conflict-policies.ts";
import { type Block, fields, heading, list, table, text } from "../../src/cli/blocks.ts";
import {
  defineCommand,
  flagOption,
  listOption,
  lockWaitOption,
  messageOption,
  textOption,
} from "../../src/cli/command.ts";
import { usageError } from "../../src/errors.ts";
import type { RestorePlanView, RestoreResult } from "../../src/deploy/restore.ts";

const conflictPolicies: readonly ConflictPolicy[] = [
  "fail",
  "always",
  "if-changed",
  "if-newer",
  "never",
  "keep-both",
];

export default defineCommand<RestoreResult | { plan: RestorePlanView }>({
  description:
    "Brings files, or the database, back from a snapshot. What is replaced is kept, and each " +
    "file is checked before it takes its place. The release that uses the database is stopped, " +
    "and started again.",
  arguments: [
    { name: "ID", summary: "Snapshot, its name, or latest", required: true, complete: "snapshots" },
    { name: "PATH", summary: "Only these", variadic: true },
  ],
  options: [
    { flags: "--target <folder>", summary: "Restore files to here (default: the project)" },
    {
      flags: "--conflict <policy>",
      summary: `Where a file differs: ${conflictPolicies.join(", ")}`,
      default: "fail",
      complete: [...conflictPolicies],
    },
    { flags: "--include <pattern>", summary: "Only files that match", repeatable: true },
    { flags: "--exclude <pattern>", summary: "Leave out what matches", repeatable: true },
    { flags: "--identity <file>", summary: "age key of an encrypted snapshot", repeatable: true },
    { flags: "--database", summary: "Put the environment's database back" },
    { flags: "--table <name>", summary: "Put the rows of one table back", repeatable: true },
    { flags: "--migrate", summary: "Bring the restored schema to that of the release" },
    { flags: "--any-schema", summary: "Even if the release needs another schema" },
    messageOption,
    lockWaitOption,
  ],
  examples: [
    { line: "studio backup restore latest --dry-run", does: "see what differs" },
    { line: "studio backup restore latest --database --yes", does: "put the database back" },
    { line: "studio backup restore latest --table items", does: "put the rows of one table back" },
    { line: "studio backup restore latest models --target /tmp/look", does: "look at old files" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 3, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { findSnapshot } = await import("../../src/deploy/find-snapshot.ts");
    const { previewRestore, restore } = await import("../../src/deploy/restore.ts");
    const [wanted = "", ...paths] = input.arguments;
    const conflict = conflictPolicies.find((one) => one === textOption(input, "conflict"));
    if (conflict === undefined)
      throw usageError(`--conflict takes ${conflictPolicies.join(", ")}.`);
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    // Before any question: nobody should say yes to a snapshot that is not there.
    const snapshot = await findSnapshot(place, wanted);
    const path = await import("node:path");
    const target = path.resolve(
      context.cwd,
      textOption(input, "target") ?? place.project.directory,
    );
    const database = flagOption(input, "database");
    const tables = listOption(input, "table");
    const message = textOption(input, "message") ?? null;
    const options = {
      snapshot,
      paths,
      include: listOption(input, "include"),
      exclude: listOption(input, "exclude"),
      identityFiles: listOption(input, "identity").map((file) => path.resolve(context.cwd, file)),
      target,
      conflict,
      database,
      tables,
      migrate: flagOption(input, "migrate"),
      anySchema: flagOption(input, "anySchema"),
      message,
    };
    if (context.options.dryRun) return { result: { plan: await previewRestore(place, options) } };
    if (database || tables.length > 0 || replaces(conflict)) {
      const environment = `"${place.desk.environment}"`;
      const what = database
        ? `the database of ${environment}`
        : tables.length > 0
          ? `the rows of ${tables.join(", ")} in ${environment}`
          : `files in ${target}`;
      const sure = await context.prompt.confirm(
        `Replace ${what} by snapshot ${snapshot}?`,
        "--yes",
      );
      if (!sure) throw usageError("Nothing was changed.");
    }
    const result = await restore(place, options);
    for (const warning of result.warnings) context.output.warn(warning);
    return { result };
  },
  human(result) {
    if ("plan" in result) {
      const { entries, database, steps } = result.plan;
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
  },
});

function tablesOf({ tables }: RestoreResult): Block {
  return table(
    ["TABLE", "ROWS", "ROWS OF BEFORE"],
    tables.map(({ name, rows, keptAs }) => [name, String(rows), keptAs ?? "there was none"]),
    "",
  );
}

function replaces(policy: ConflictPolicy): boolean {
  return policy === "always" || policy === "if-changed" || policy === "if-newer";
}
