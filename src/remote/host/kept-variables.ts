import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { readVariablesFile } from "../../config/variables.ts";
import { homeBelow } from "./home.ts";
import { replaceFile } from "../../replace-file.ts";

interface Kept {
  /** The file of variables in the project's folder, whose values come first. */
  file: string | null;
  values: Record<string, string>;
}

/**
 * The variables that changes of the environment were made with and that its host knows from nowhere
 * else, such as the secrets of a CI system: a restart needs them.
 */
export function readKeptVariables(folder: string): Record<string, string> {
  const kept = readKept(folder);
  const known = kept.file === null ? {} : readVariablesFile(folder, kept.file).values;
  return Object.fromEntries(Object.entries(kept.values).filter(([name]) => !(name in known)));
}

/** Keeps `given` beside what is kept already, readable by this user alone. */
export function keepVariables(
  folder: string,
  file: string | null,
  given: Record<string, string>,
): void {
  const kept = readKept(folder);
  const isKept = Object.entries(given).every(([name, value]) => kept.values[name] === value);
  if (isKept && kept.file === file) return;
  const { variables } = homeBelow(folder);
  mkdirSync(dirname(variables), { recursive: true, mode: 0o700 });
  replaceFile(variables, JSON.stringify({ file, values: { ...kept.values, ...given } }));
}

function readKept(folder: string): Kept {
  const { variables } = homeBelow(folder);
  if (!existsSync(variables)) return { file: null, values: {} };
  return JSON.parse(readFileSync(variables, "utf8")) as Kept;
}
