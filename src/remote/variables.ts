import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Project } from "../config/project.ts";
import { referencesIn } from "./references.ts";

/** `${NAME}`, `${NAME:-default}`, `${NAME@url}`, and `$NAME` as compose files may have it. */
const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)|\$([A-Za-z_][A-Za-z0-9_]*)/g;

/**
 * The values of the variables that the project names, where this machine has them: by `{ env: }`, in
 * a text, as required, or in a compose file. No other variable says anything of the environment:
 * what lies in a shell here may be meant for a database on this desk.
 */
export function namedVariables(
  { settings, directory, file }: Project,
  env: Record<string, string | undefined>,
): Record<string, string> {
  const names = new Set([...settings.variables.required, ...referencesIn(settings, "env")]);
  const composed = settings.target === "local" ? [] : settings.compose.files;
  const files = [
    ...(file === null ? [] : [file]),
    ...composed.map((one) => resolve(directory, one)),
  ];
  for (const text of files.map(readIfThere)) {
    for (const [, braced, bare] of text.matchAll(reference)) names.add(braced ?? bare ?? "");
  }
  const given = [...names].map((name): [string, string | undefined] => [name, env[name]]);
  return Object.fromEntries(
    given.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ""),
  );
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Whoever needs it will say what is wrong with it.
    return "";
  }
}
