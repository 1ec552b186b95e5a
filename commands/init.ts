import { basename } from "node:path";
import { list, text } from "../src/cli/blocks.ts";
import { type Input, defineCommand, flagOption, textOption } from "../src/cli/command.ts";
import type { Context } from "../src/cli/context.ts";
import { usageError } from "../src/errors.ts";
import type { StartingFile } from "../src/initialise/starting-files.ts";

interface Result {
  name: string;
  dryRun: boolean;
  /** Absolute paths: made, replaced or added to. */
  written: string[];
  kept: string[];
  /** The command line to go on with. */
  next: string;
}

export default defineCommand<Result>({
  description:
    "Writes studio.yaml, .env.example and the lines of .gitignore that keep state and secrets " +
    "out of version control. With --stack also a production stack and a development stack for " +
    "Docker Compose, with passwords of their own; with --ci a workflow. A file that is there is " +
    "replaced only after a yes, and one with passwords never.",
  options: [
    { flags: "--name <name>", summary: "Name of the project (default: asked)" },
    { flags: "--stack", summary: "Compose files, Dockerfile, proxy, monitoring, logging" },
    { flags: "--domain <name>", summary: "Host name of the stack (default: asked)" },
    { flags: "--ci <system>", summary: "A workflow for: github", complete: ["github"] },
  ],
  examples: [
    { line: "studio init", does: "in the folder of the project" },
    { line: "studio init --name shop --dry-run", does: "list what would be written" },
    { line: "studio init --stack --domain studio.example.com", does: "a stack to deploy" },
    { line: "studio init --ci github", does: "the workflow alone, where studio.yaml is there" },
  ],
  dryRun: "plans",
  files: "here",
  exitCodes: [0, 2, 8, 130],
  async run(context, input) {
    const { writeStartingFiles } = await import("../src/initialise/write-starting-files.ts");
    const { dryRun } = context.options;
    const { name, planned } = await plan(context, input);
    // Every question comes before the first byte: an interruption leaves the folder as it was.
    const files = dryRun ? planned : await decide(context, planned);
    if (!dryRun) writeStartingFiles(files);
    const paths = (kept: boolean) =>
      files.filter((file) => (file.action === "keep") === kept).map((file) => file.path);
    const next = `studio deploy${flagOption(input, "stack") ? " --env production" : ""}`;
    return { result: { name, dryRun, written: paths(false), kept: paths(true), next } };
  },
  human: ({ dryRun, written, kept, next }) => [
    ...(written.length === 0
      ? [text("There is nothing to write.")]
      : [text(dryRun ? "Would be written:" : "Written:", "good"), list(written)]),
    ...(kept.length === 0 ? [] : [text("Kept as they are:"), list(kept)]),
    ...(dryRun ? [] : [text(`next: ${next}`, "dim")]),
  ],
});

async function plan(
  context: Context,
  input: Input,
): Promise<{ name: string; planned: StartingFile[] }> {
  const { planStartingFiles, planWorkflow } = await import("../src/initialise/starting-files.ts");
  const { existsSync } = await import("node:fs");
  const { packageRoot } = await import("../src/package-root.ts");
  const { cwd: folder, version, now } = context;
  const templates = `${packageRoot}/templates`;
  const system = textOption(input, "ci");
  if (system !== undefined && system !== "github") throw usageError("--ci takes: github.");
  const workflow = system === undefined ? [] : planWorkflow(folder, templates, version);
  const wantsStack = flagOption(input, "stack");
  if (workflow.length > 0 && !wantsStack && existsSync(`${folder}/studio.yaml`)) {
    return { name: (await context.project()).name, planned: workflow };
  }
  const name = textOption(input, "name") ?? (await askName(context));
  const stack = wantsStack
    ? { domain: textOption(input, "domain") ?? (await askDomain(context)), version, now: now() }
    : null;
  return { name, planned: [...planStartingFiles({ folder, templates, name, stack }), ...workflow] };
}

function askDomain(context: Context): Promise<string> {
  return context.prompt.text("Host name that the stack is reached by?", "--domain", "localhost");
}

async function askName(context: Context): Promise<string> {
  const { nameFromFolder } = await import("../src/config/name-from-folder.ts");
  const initial = nameFromFolder(context.cwd);
  return context.prompt.text("Name of the project?", "--name", initial);
}

async function decide(context: Context, planned: StartingFile[]): Promise<StartingFile[]> {
  const decided: StartingFile[] = [];
  for (const file of planned) {
    const replaced =
      file.action !== "replace" ||
      (await context.prompt.confirm(`Overwrite ${basename(file.path)}?`, "--yes"));
    decided.push(replaced ? file : { ...file, action: "keep" });
  }
  return decided;
}
