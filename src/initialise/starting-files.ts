import { join } from "node:path";
import { headingSchema } from "../config/schema.ts";
import { usageError } from "../errors.ts";
import { type StackChoice, planStack } from "./stack-files.ts";
import { type StartingFile, planWhole, readIfThere } from "./starting-file.ts";
import { fillTemplate } from "./template.ts";

export type { StartingFile } from "./starting-file.ts";

export interface StartingInput {
  folder: string;
  /** The folder of studio.yaml and env.example with their placeholder. */
  templates: string;
  name: string;
  /** A production stack beside it; null: studio.yaml alone. */
  stack?: StackChoice | null;
}

/** State, variables and the private half of a backup's key hold secrets, or what is like them. */
const ignored = [".studio/", ".env", ".env.*", "!.env.example", "backup-key.txt"];

/**
 * What a new project begins with, compared with what lies in the folder. Changes nothing.
 * @throws StudioError (exit 2) for a name that studio.yaml could not hold
 */
export function planStartingFiles(input: StartingInput): StartingFile[] {
  const { folder, templates, name, stack = null } = input;
  checkName(name);
  const fill = (template: string) => fillTemplate(join(templates, template), { name });
  return [
    // First: no secret is written where version control would see it.
    planIgnored(join(folder, ".gitignore")),
    ...(stack === null
      ? [
          planWhole(join(folder, "studio.yaml"), fill("studio.yaml")),
          planWhole(join(folder, ".env.example"), fill("env.example")),
        ]
      : planStack({ folder, templates, name, ...stack })),
  ];
}

/** A workflow that tests, scans, builds and deploys the project. */
export function planWorkflow(folder: string, templates: string, version: string): StartingFile[] {
  const content = fillTemplate(join(templates, "ci", "github.yaml"), { version });
  return [planWhole(join(folder, ".github", "workflows", "studio.yaml"), content)];
}

/** The end of a .gitignore that lacks some of the lines; empty when none is lacking. */
export function missingIgnoreLines(text: string): string {
  const present = new Set(text.split("\n").map((line) => line.trim().replace(/^(!?)\//, "$1")));
  const lacks = (line: string) => !present.has(line) && !present.has(line.replace(/\/$/, ""));
  // The last line that fits a file decides: an exception counts only below its rule.
  const missing = ignored.filter(
    (line) => lacks(line) || (line === "!.env.example" && lacks(".env.*")),
  );
  if (missing.length === 0) return "";
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const start = text === "" || text.endsWith("\n") ? "" : newline;
  return start + missing.map((line) => line + newline).join("");
}

function checkName(name: string): void {
  if (headingSchema.safeParse({ name }).success) return;
  throw usageError(
    `"${name}" cannot be the name of a project.`,
    "Give --name with lower-case letters, digits and dashes, 63 at most.",
  );
}

function planIgnored(path: string): StartingFile {
  const present = readIfThere(path);
  const content = missingIgnoreLines(present ?? "");
  if (present === null) return { path, action: "write", content };
  return { path, action: content === "" ? "keep" : "append", content };
}
