import { basename } from "node:path";
import { list, text } from "../src/cli/blocks.ts";
import { defineCommand, textOption } from "../src/cli/command.ts";
import type { Context } from "../src/cli/context.ts";
import type { StartingFile } from "../src/initialise/starting-files.ts";

interface Result {
  name: string;
  dryRun: boolean;
  /** Absolute paths: made, replaced or added to. */
  written: string[];
  kept: string[];
}

export default defineCommand<Result>({
  description:
    "Writes studio.yaml, .env.example and the lines of .gitignore that keep state and secrets " +
    "out of version control. A file that is there is replaced only after a yes.",
  options: [{ flags: "--name <name>", summary: "Name of the project (default: asked)" }],
  examples: [
    { line: "studio init", does: "in the folder of the project" },
    { line: "studio init --name shop --dry-run", does: "list what would be written" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 8, 130],
  async run(context, input) {
    const { planStartingFiles } = await import("../src/initialise/starting-files.ts");
    const { writeStartingFiles } = await import("../src/initialise/write-starting-files.ts");
    const { packageRoot } = await import("../src/package-root.ts");
    const { dryRun } = context.options;
    const name = textOption(input, "name") ?? (await askName(context));
    const templates = `${packageRoot}/templates`;
    const planned = planStartingFiles({ folder: context.cwd, templates, name });
    // Every question comes before the first byte: an interruption leaves the folder as it was.
    const files = dryRun ? planned : await decide(context, planned);
    if (!dryRun) writeStartingFiles(files);
    const paths = (kept: boolean) =>
      files.filter((file) => (file.action === "keep") === kept).map((file) => file.path);
    return { result: { name, dryRun, written: paths(false), kept: paths(true) } };
  },
  human: ({ dryRun, written, kept }) => [
    ...(written.length === 0
      ? [text("There is nothing to write.")]
      : [text(dryRun ? "Would be written:" : "Written:", "good"), list(written)]),
    ...(kept.length === 0 ? [] : [text("Kept as they are:"), list(kept)]),
    ...(dryRun ? [] : [text("next: studio deploy", "dim")]),
  ],
});

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
