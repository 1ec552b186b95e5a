import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { reasonOf, systemCode } from "../errors.ts";
import { parseDotenv } from "./dotenv.ts";
import { type Problem, configurationError } from "./problems.ts";
import type { Settings } from "./schema.ts";

export type Variables = Record<string, string | undefined>;

export interface VariablesFile {
  values: Record<string, string>;
  problems: Problem[];
  /** False when there is no such file: then the real environment alone counts. */
  found: boolean;
}

/** Reads the dotenv file of `variables.file`, relative to the project's folder. */
export function readVariablesFile(directory: string, file: string): VariablesFile {
  const path = resolve(directory, file);
  const label = basename(path);
  const failed = (line: number | null, message: string): Problem => ({
    label,
    line,
    column: line === null ? null : 1,
    path: "",
    message,
  });
  try {
    const { values, problems } = parseDotenv(readFileSync(path, "utf8"));
    const found = problems.map(({ line, message }) => failed(line, `the line ${message}`));
    return { values, problems: found, found: true };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { values: {}, problems: [], found: false };
    const message = `the variables file cannot be read: ${reasonOf(error)}`;
    return { values: {}, problems: [failed(null, message)], found: true };
  }
}

/**
 * The environment for processes that are started on the operator's behalf: the file of
 * `variables.file`, and over it the real environment.
 */
export function resolveVariables(input: {
  settings: Pick<Settings, "variables">;
  directory: string;
  env: Variables;
}): Variables {
  const { file } = input.settings.variables;
  if (file === null) return { ...input.env };
  const { values, problems } = readVariablesFile(input.directory, file);
  if (problems.length > 0) throw configurationError(resolve(input.directory, file), problems);
  return overlay(values, input.env);
}

/** `upper` over `lower`; a variable that is undefined in `upper` is not set there. */
function overlay(lower: Record<string, string>, upper: Variables): Variables {
  const set = Object.entries(upper).filter(([, value]) => value !== undefined);
  return { ...lower, ...Object.fromEntries(set) };
}

/** The same without looking at a variable before it is asked for. */
export function layered(lower: Record<string, string>, upper: Variables): Variables {
  return new Proxy(upper, {
    get: (target, name) => (Reflect.get(target, name) ?? Reflect.get(lower, name)) as unknown,
  });
}

/** The names in `variables.required` that are missing or empty. */
export function checkVariables(
  settings: Pick<Settings, "variables">,
  variables: Variables,
): string[] {
  return settings.variables.required.filter((name) => (variables[name] ?? "") === "");
}
