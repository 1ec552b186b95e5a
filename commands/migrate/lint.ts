import { type Block, heading, text } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption, textOption } from "../../src/cli/command.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";
import { exitCodes } from "../../src/errors.ts";
import type { Finding, LintReport } from "../../src/migrate/lint/lint.ts";

export default defineCommand<LintReport>({
  description:
    "Judges pending migrations by their SQL: what would break the release that runs meanwhile, keep " +
    "its readers or writers waiting, or fail. Each finding says the safe way. A rule is allowed by a " +
    "comment before the statement: -- studio: allow RULE because …",
  options: [
    { flags: "--all", summary: "Judge all migrations, without asking a database" },
    databaseOption,
  ],
  examples: [
    { line: "studio migrate lint", does: "judge what is pending" },
    { line: "studio migrate lint --all", does: "judge every file, for instance in CI" },
  ],
  dryRun: "reads",
  files: "sent",
  exitCodes: [0, 2, 4, 8],
  async run(context, input) {
    const { lintProject, unsafeMigrations } = await import("../../src/deploy/judge-pending.ts");
    const databaseUrlFile = textOption(input, "databaseUrlFile") ?? null;
    const all = flagOption(input, "all");
    const result = await lintProject(await context.view(), { all, databaseUrlFile });
    const error = unsafeMigrations(result);
    return error === null ? { result } : { result, exitCode: exitCodes.checkFailed, error };
  },
  human: (report) => [
    ...report.findings.flatMap(findingBlocks),
    text(
      `Migrations judged: ${report.migrations.length}. Findings: ${report.findings.length}; allowed by their authors: ${report.allowed.length}.`,
    ),
  ],
});

function findingBlocks({ rule, level, file, line, statement, message, rewrite }: Finding): Block[] {
  return [
    heading(`${file}${line === null ? "" : `:${line}`} ${level} ${rule}`),
    ...(statement === null ? [] : [text(statement, "dim")]),
    text(message, level === "error" ? "bad" : "warning"),
    text(rewrite),
  ];
}
