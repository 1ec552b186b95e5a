import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { isIdentifier } from "../identifier.ts";
import type { Completion, Command, OptionSpec } from "./command.ts";
import { type Registry, matchWords, nextWords } from "./registry.ts";

export interface Surroundings {
  cwd: string;
  env: Record<string, string | undefined>;
}

const globalOptions = [
  "--env",
  "--config",
  "--json",
  "--yes",
  "--dry-run",
  "--no-input",
  "--quiet",
  "--verbose",
  "--no-color",
  "--help",
];

/**
 * The words that may stand where the last of `words` is being typed. Silent on every error, and
 * looks at nothing but file names, so that a key press never waits.
 * @param words what follows `studio` on the line; the last one may be empty or half typed
 */
export async function complete(
  registry: Registry,
  words: readonly string[],
  surroundings: Surroundings,
): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  try {
    const candidates = await candidatesAt(registry, before, current, surroundings);
    return candidates.filter((word) => word.startsWith(current));
  } catch {
    return [];
  }
}

async function candidatesAt(
  registry: Registry,
  before: readonly string[],
  current: string,
  surroundings: Surroundings,
): Promise<string[]> {
  if (before.at(-1) === "--env") return values("environments", surroundings);
  if (before.at(-1) === "--config") return [];
  const match = matchWords(registry, before);
  if (match.entry === null) {
    return current.startsWith("-") ? globalOptions : nextWords(registry, match.words);
  }
  const command = (await match.entry.load()).default;
  const option = command.options?.find((spec) => longName(spec) === before.at(-1));
  if (option !== undefined && /[<[]/.test(option.flags)) {
    return values(option.complete, surroundings);
  }
  if (current.startsWith("-")) return [...optionNames(command), ...globalOptions];
  const operands = before.filter((word) => !word.startsWith("-")).length - match.words.length;
  const argument =
    command.arguments?.[operands] ?? command.arguments?.find((spec) => spec.variadic);
  const further = operands === 0 ? match.words : match.group?.split(" ");
  const leaves = further === undefined ? [] : nextWords(registry, further);
  return [...new Set([...leaves, ...(await values(argument?.complete, surroundings))])];
}

function longName(spec: OptionSpec): string {
  return /--[a-z-]+/.exec(spec.flags)?.[0] ?? "";
}

function optionNames(command: Command): string[] {
  return (command.options ?? []).filter((spec) => spec.hidden !== true).map(longName);
}

async function values(from: Completion | undefined, at: Surroundings): Promise<string[]> {
  if (from === undefined || from === "files") return [];
  if (typeof from !== "string") return [...from];
  const state = join(projectFolder(at.cwd), ".studio");
  switch (from) {
    case "environments": {
      const { listEnvironments } = await import("../config/list-environments.ts");
      return listEnvironments({ cwd: at.cwd });
    }
    case "releases":
      return ["latest", ...identifiersIn(join(state, "releases"))];
    case "snapshots":
      return ["latest", ...identifiersIn(join(state, "backups", "snapshots"))];
    case "models": {
      const { bundledModelsFolder } = await import("../inference/models.ts");
      const own = join(projectFolder(at.cwd), "models");
      return [...modelNames(own), ...modelNames(bundledModelsFolder)];
    }
    case "operations":
      return ["latest"];
    case "scenarios":
      return [
        "smoke",
        "baseline",
        "stress",
        "spike",
        "endurance",
        "quick",
        ...scenarioFiles(at.cwd),
      ];
  }
}

function identifiersIn(folder: string): string[] {
  return readdirSync(folder).filter(isIdentifier).toSorted().toReversed();
}

function modelNames(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    return [];
  }
}

function scenarioFiles(cwd: string): string[] {
  try {
    const folder = join(projectFolder(cwd), "benchmarks");
    return readdirSync(folder)
      .filter((name) => name.endsWith(".yaml"))
      .map((name) => name.slice(0, -".yaml".length));
  } catch {
    return [];
  }
}

/** The nearest folder upward with a studio.yaml, or the one we are in. */
function projectFolder(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (readdirSync(folder).includes("studio.yaml")) return folder;
    if (dirname(folder) === folder) return cwd;
  }
}
