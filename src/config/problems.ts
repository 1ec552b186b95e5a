import { StudioError, exitCodes } from "../errors.ts";
import { type Path, type Place, formatPath } from "./tree.ts";

/** One thing that is wrong with the configuration; the message never holds a value. */
export interface Problem {
  /** The file, or the environment variable, that holds the mistake. */
  label: string;
  line: number | null;
  column: number | null;
  path: string;
  message: string;
}

/** A problem at a place of a tree; `path` is used where the place itself has none. */
export function problemAt(label: string, place: Place, path: Path, message: string): Problem {
  if (place.source === "file" || place.source === "environment") {
    const { line, column } = place;
    return { label, line, column, path: formatPath(path), message };
  }
  const name = place.source === "variable" ? place.name : label;
  return { label: name, line: null, column: null, path: formatPath(path), message };
}

export function formatProblem(problem: Problem): string {
  const { label, line, column, path, message } = problem;
  const at = [label, line, column].filter((part) => part !== null).join(":");
  return path === "" ? `${at}: ${message}` : `${at} ${path}: ${message}`;
}

/** The error with all problems at once: each one once, in the order of the file. */
export function configurationError(file: string | null, problems: readonly Problem[]): StudioError {
  const sorted = unique(problems).toSorted(
    (left, right) =>
      (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0),
  );
  const count = sorted.length === 1 ? "one problem" : `${sorted.length} problems`;
  const subject = file === null ? "The configuration" : `The configuration ${file}`;
  return new StudioError({
    code: "config.invalid",
    message: `${subject} has ${count}:\n${sorted.map((one) => `  ${formatProblem(one)}`).join("\n")}`,
    hint: "Correct what is listed and run the command again. Nothing was changed.",
    exitCode: exitCodes.usage,
    details: sorted,
  });
}

function unique(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}
