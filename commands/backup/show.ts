import { type Block, fields, heading, table } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption, listOption } from "../../src/cli/command.ts";
import { roughBytes } from "../../src/format/rough.ts";
import type { Contents } from "../../src/backup/contents/listing.ts";
import type { SnapshotView } from "../../src/deploy/show-snapshot.ts";

export default defineCommand<SnapshotView>({
  description:
    "Shows what is known of a snapshot, the rows of its databases, and the files in it: those " +
    "directly in the folder PATH, or all below it.",
  arguments: [
    { name: "ID", summary: "Snapshot, its name, or latest", required: true, complete: "snapshots" },
    { name: "PATH", summary: "A folder or file in the snapshot (default: all of it)" },
  ],
  options: [
    { flags: "--all", summary: "List every file, not only the first level" },
    { flags: "--identity <file>", summary: "age key of an encrypted snapshot", repeatable: true },
  ],
  examples: [
    { line: "studio backup show latest", does: "what is in it?" },
    { line: "studio backup show latest models --all", does: "every file below models" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 4, 8],
  async run(context, input) {
    const { showSnapshot } = await import("../../src/deploy/show-snapshot.ts");
    const path = await import("node:path");
    const result = await showSnapshot(await context.view(), {
      snapshot: input.arguments[0] ?? "latest",
      path: input.arguments[1] ?? "",
      all: flagOption(input, "all"),
      identityFiles: listOption(input, "identity").map((file) => path.resolve(context.cwd, file)),
      signal: context.signal,
    });
    if (result.contents === null) {
      context.output.warn(
        `Snapshot ${result.snapshot.id} is encrypted: its content is shown with --identity FILE.`,
      );
    }
    return { result };
  },
  human: (view) => [facts(view), ...(view.contents === null ? [] : contentsOf(view.contents))],
});

function facts({ snapshot, objects }: SnapshotView): Block {
  const { counts, verification, drill } = snapshot;
  return fields([
    ["snapshot", snapshot.id],
    ["created", snapshot.created],
    ["set", snapshot.set],
    ["name", snapshot.name ?? "none"],
    ["tags", snapshot.tags.join(", ") || "none"],
    ["environment", snapshot.environment],
    ["release", snapshot.release ?? "none"],
    ["schema", snapshot.schemaHead ?? "empty"],
    ["studio", snapshot.toolVersion],
    ["encrypted", snapshot.encrypted ? "yes" : "no"],
    ["content", `${counts.files} files, ${roughBytes(counts.bytes)}`],
    ["folders, links", `${counts.directories}, ${counts.links}`],
    ["stored", `${roughBytes(objects.bytes)} in ${objects.count} objects`],
    ["new then", roughBytes(counts.addedBytes)],
    ["left out", counts.skipped === 0 ? "nothing" : `${counts.skipped} unreadable paths`],
    ["read back", outcome(verification)],
    ["restored", outcome(drill)],
  ]);
}

function outcome(last: { at: string; ok: boolean } | null): string {
  if (last === null) return "never";
  return last.ok ? last.at : `FAILED ${last.at}`;
}

function contentsOf({ databases, entries }: Contents): Block[] {
  const tables = databases.flatMap(({ label, dialect, tables }) =>
    Object.entries(tables).map(([name, rows]) => [
      label,
      dialect,
      name,
      rows === null ? "not counted" : String(rows),
    ]),
  );
  return [
    heading("Databases"),
    table(["DATABASE", "KIND", "TABLE", ">ROWS"], tables, "none"),
    heading("Files"),
    table(
      ["MODE", "OWNER", ">SIZE", "MODIFIED", "PATH"],
      entries.map((entry) => [
        `${letters[entry.type]}${entry.mode}`,
        `${entry.uid}:${entry.gid}`,
        roughBytes(entry.bytes),
        entry.modified ?? "",
        nameOf(entry),
      ]),
      "none",
    ),
  ];
}

const letters = { file: "-", directory: "d", symlink: "l", link: "h" };

function nameOf({ path, files, target }: Contents["entries"][number]): string {
  if (target !== null) return `${path} -> ${target}`;
  return files === null ? path : `${path}/ (${files} ${files === 1 ? "file" : "files"})`;
}
