import type { ConflictPolicy } from "../../src/backup/restore/conflict-policies.ts";
import {
  type Input,
  type Outcome,
  defineCommand,
  flagOption,
  listOption,
  lockWaitOption,
  messageOption,
  textOption,
} from "../../src/cli/command.ts";
import type { Context } from "../../src/cli/context.ts";
import { bootstrapBlocks, restoreBlocks, restorePlanBlocks } from "../../src/cli/restore-view.ts";
import { usageError } from "../../src/errors.ts";
import type { BootstrapResult } from "../../src/deploy/bootstrap.ts";
import type { RestorePlanView, RestoreResult } from "../../src/deploy/restore.ts";

type Result = RestoreResult | { plan: RestorePlanView } | { bootstrap: BootstrapResult };

const conflictPolicies: readonly ConflictPolicy[] = [
  "fail",
  "always",
  "if-changed",
  "if-newer",
  "never",
  "keep-both",
];

export default defineCommand<Result>({
  description:
    "Brings files, the database or single tables back from a snapshot. What is replaced is kept, " +
    "and each file is checked before it takes its place. The release that uses the database is " +
    "stopped, and started again on the restored one. With --bootstrap a host that has nothing yet " +
    "gets everything of a snapshot, and a release that serves it.",
  arguments: [
    { name: "ID", summary: "Snapshot: id, name or latest", required: true, complete: "snapshots" },
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
    {
      flags: "--bootstrap <repository>",
      summary: "On an empty host: everything, and a release that serves it",
      complete: "files",
    },
    messageOption,
    lockWaitOption,
  ],
  examples: [
    { line: "studio backup restore latest --dry-run", does: "see what differs" },
    { line: "studio backup restore latest --database --yes", does: "put the database back" },
    {
      line: "studio backup restore latest --table items --yes",
      does: "put the rows of one table back",
    },
    {
      line: "studio backup restore latest models --target /tmp/look",
      does: "look at old files",
    },
    {
      line: "studio backup restore latest --bootstrap /mnt/backups",
      does: "from a lost host to a running one",
    },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 3, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const repository = textOption(input, "bootstrap");
    if (repository !== undefined) return startOver(context, input, repository);
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
    const options = {
      snapshot,
      paths,
      include: listOption(input, "include"),
      exclude: listOption(input, "exclude"),
      identityFiles: await identityFilesOf(context, input),
      target: path.resolve(context.cwd, textOption(input, "target") ?? place.project.directory),
      conflict,
      database: flagOption(input, "database"),
      tables: listOption(input, "table"),
      migrate: flagOption(input, "migrate"),
      anySchema: flagOption(input, "anySchema"),
      message: textOption(input, "message") ?? null,
    };
    if (context.options.dryRun) return { result: { plan: await previewRestore(place, options) } };
    const what = replaced(options, place.desk.environment);
    if (what !== null) {
      const question = `Replace ${what} by snapshot ${snapshot}?`;
      const sure = await context.prompt.confirm(question, "--yes");
      if (!sure) throw usageError("Nothing was changed.");
    }
    const result = await restore(place, options);
    for (const warning of result.warnings) context.output.warn(warning);
    return { result };
  },
  human(result) {
    if ("plan" in result) return restorePlanBlocks(result.plan);
    return "bootstrap" in result ? bootstrapBlocks(result.bootstrap) : restoreBlocks(result);
  },
});

async function startOver(
  context: Context,
  input: Input,
  repository: string,
): Promise<Outcome<Result>> {
  if (context.options.dryRun) {
    throw usageError(
      "--bootstrap has no --dry-run: it refuses a host that has anything to lose.",
      "`studio backup restore ID --dry-run` shows what a restore would change.",
    );
  }
  const { bootstrap, prepareBootstrap } = await import("../../src/deploy/bootstrap.ts");
  const path = await import("node:path");
  const request = {
    repository: repository.startsWith("s3://") ? repository : path.resolve(context.cwd, repository),
    snapshot: input.arguments[0] ?? "latest",
    identityFiles: await identityFilesOf(context, input),
  };
  const { openProject } = await import("../../src/config/open-project.ts");
  const { env, cwd, now, masker } = context;
  // What there is before the settings have come back: the defaults.
  const project = await openProject({ cwd, env });
  const onSecret = (value: string) => masker.add(value);
  const place = { project, variables: env, desk: { now }, onSecret };
  const { snapshot, environment } = await prepareBootstrap(place, request);
  const workplace = await context.workplace({ lockWait: textOption(input, "lockWait") });
  if (workplace.desk.environment !== environment) {
    throw usageError(
      `Snapshot ${snapshot} is of the environment "${environment}".`,
      `Add --env ${environment}.`,
    );
  }
  const message = textOption(input, "message") ?? null;
  const result = await bootstrap(workplace, { ...request, snapshot }, message);
  for (const warning of result.warnings) context.output.warn(warning);
  return { result: { bootstrap: result } };
}

async function identityFilesOf(context: Context, input: Input): Promise<string[]> {
  const path = await import("node:path");
  return listOption(input, "identity").map((file) => path.resolve(context.cwd, file));
}

interface Replacing {
  database: boolean;
  tables: readonly string[];
  conflict: ConflictPolicy;
  target: string;
}

/** What would be replaced without more ado; null: nothing. */
function replaced(
  { database, tables, conflict, target }: Replacing,
  environment: string,
): string | null {
  if (database) return `the database of "${environment}"`;
  if (tables.length > 0) return `the rows of ${tables.join(", ")} in "${environment}"`;
  const replaces = ["always", "if-changed", "if-newer"].includes(conflict);
  return replaces ? `files in ${target}` : null;
}
