import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { z } from "zod";
import { exitCodes, reasonOf, StudioError } from "../../errors.ts";
import { scenarioSchema } from "./schema.ts";
import type { Scenario } from "./schema.ts";

/**
 * Reads a scenario.
 *
 * @param file named in the errors.
 * @throws StudioError (exit 2) with everything that is wrong at once, each with its line.
 */
export function parseScenario(text: string, file: string): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problems = document.errors.map(
    (error) => `${file}:${lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}`,
  );
  if (problems.length > 0) throw refuse(file, problems);
  const result = scenarioSchema.safeParse(contentOf(document, file));
  if (result.success) return result.data;
  const found = result.error.issues.flatMap(positionsOf).map(({ path, message }) => {
    const line = lineOf(document, path, lines);
    return { line, text: `${file}:${line}: ${path.join(".") || "the whole"}: ${message}` };
  });
  throw refuse(
    file,
    found.sort((left, right) => left.line - right.line).map((problem) => problem.text),
  );
}

function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that multiply without end, or point nowhere.
    throw refuse(file, [`${file}:1: ${reasonOf(error)}`]);
  }
}

/** An unknown key is reported where the key is, not where its mapping begins. */
function positionsOf(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string }[] {
  if (issue.code !== "unrecognized_keys") return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: "not a known key" }));
}

/** The line of the value at a path, or of the nearest thing around it that exists. */
function lineOf(document: Document, path: PropertyKey[], lines: LineCounter): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && item.key.value === key)
      : undefined;
    const node = isNode(pair?.key) ? pair.key : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? text).replace(/ at line \d+, column \d+:?$/, "");
}

function refuse(file: string, problems: string[]): StudioError {
  return new StudioError({
    code: "bench.scenario.invalid",
    message: `The scenario ${file} is not valid:\n${problems.join("\n")}`,
    hint: "Mend the lines named above, then run the command again.",
    exitCode: exitCodes.usage,
    details: { file, problems },
  });
}
