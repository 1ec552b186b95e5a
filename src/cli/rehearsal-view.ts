import type {
  RehearsalOutcome,
  RehearsedMigration,
  RehearsedStatement,
  TableImpact,
} from "../migrate/rehearse/report.ts";
import { type Block, heading, table, text } from "./blocks.ts";

const outcomes: Record<RehearsalOutcome, string> = {
  done: "would be applied",
  failed: "would fail",
  blocked: "would not get its locks now",
  notRehearsed: "not tried",
};

/** What one migration did when it was tried. */
export function rehearsedBlocks(migration: RehearsedMigration): Block[] {
  const { name, outcome, reason, milliseconds, statements, tables } = migration;
  return [
    heading(`${name}: ${outcomes[outcome]}, ${Math.round(milliseconds)} ms`),
    ...(reason === null ? [] : [text(reason, "warning")]),
    table(
      [">LINE", ">MS", ">ROWS", "STATEMENT", "LOCKS", "REMARKS"],
      statements.map((statement) => [
        statement.line === null ? "" : String(statement.line),
        String(Math.round(statement.milliseconds)),
        statement.rows === null ? "" : String(statement.rows),
        statement.times > 1 ? `${statement.sql} (${statement.times} times)` : statement.sql,
        statement.locks.map(({ relation, mode }) => `${relation} ${mode}`).join(", "),
        remarksOn(statement).join("; "),
      ]),
      "no statements",
    ),
    ...tables.map(impactBlock),
  ];
}

function remarksOn(statement: RehearsedStatement): string[] {
  const { skipped, waited, rewritten, reindexed, truncated } = statement;
  const named = (what: string, names: string[]) =>
    names.length === 0 ? [] : [`${what} ${names.join(", ")}`];
  return [
    ...(skipped === null ? [] : [`not run: ${skipped}`]),
    ...(waited > 0 ? [`waited ${Math.round(waited)} ms for others`] : []),
    ...named("writes anew", rewritten),
    ...named("builds anew", reindexed),
    ...named("empties", truncated),
  ];
}

function impactBlock({ table: name, blocksReaders, blocksWriters }: TableImpact): Block {
  const [readers, writers] = [Math.round(blocksReaders), Math.round(blocksWriters)];
  return text(
    `${name ?? "every table"}: would block readers for ${readers} ms, writers for ${writers} ms`,
    blocksReaders > 0 ? "warning" : "dim",
  );
}
