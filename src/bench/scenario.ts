import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import { z } from "zod";
import { parseDuration } from "../config/quantity.ts";
import { exitCodes, reasonOf, StudioError } from "../errors.ts";
import { parseThreshold } from "./threshold.ts";

const longest = 7 * 24 * 3_600_000;

/** What another reader refuses, with its hint, becomes one of the scenario's problems. */
function attempt<T>(read: () => T, context: z.RefinementCtx): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const message = `${error.message} ${error.hint ?? ""}`.trimEnd();
    context.addIssue({ code: "custom", message });
    return undefined;
  }
}

const duration = z
  .string("not a duration such as 30s")
  .transform((text, context) => attempt(() => parseDuration(text), context) ?? z.NEVER)
  .refine((milliseconds) => milliseconds <= longest, "longer than a week");

const threshold = z.string().superRefine((text, context) => {
  attempt(() => parseThreshold(text), context);
});

const framing = ["connection", "content-length", "transfer-encoding"];
const oneLine = (text: string) => !/[\r\n\0]/.test(text);

const headers = z
  .record(
    z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, "not a header name"),
    z.string().refine(oneLine, "a header value is one line"),
  )
  .refine(
    (given) => !Object.keys(given).some((name) => framing.includes(name.toLowerCase())),
    `${framing.join(", ")} are set by studio itself`,
  );

const statusForm = "a status from 200 to 599, or a list of them";
const status = z.int().min(200).max(599);

const request = z.strictObject({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  path: z.string().regex(/^\/[^\s#]*$/, "a path starts with / and holds no blanks"),
  headers: headers.default({}),
  /** Text is sent as it is, anything else as JSON. */
  body: z.json().optional(),
  /** How often beside the other requests. */
  weight: z.int().min(1).max(1000).default(1),
  /** Absent: any status from 200 to 299. */
  expect: z
    .strictObject({
      status: z
        .union([status.transform((code) => [code]), z.array(status).min(1)], statusForm)
        .optional(),
    })
    .default({}),
});

const schema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, "not a name of lower-case letters, digits and hyphens"),
  description: z.string().default(""),
  users: z.int().min(1).max(10_000),
  duration: duration.refine((value) => value > 0, "must be longer than nothing"),
  /** The time in which the users start, one after the other. */
  rampUp: duration.default(0),
  /** The first part of the run: load, but not measured. The duration follows it. */
  warmUp: duration.default(0),
  /** The pause of a user between an answer and the next request. */
  thinkTime: duration.default(0),
  /** How long a request may take before it counts as failed. */
  timeout: duration
    .refine((value) => value >= 10 && value <= 600_000, "between 10ms and 10m")
    .default(10_000),
  requests: z
    .array(request)
    .min(1)
    .refine(
      (all) => all.reduce((sum, one) => sum + one.weight, 0) <= 1000,
      "the weights add up to more than 1000",
    ),
  thresholds: z.array(threshold).default([]),
});

/** A validated scenario; all durations in milliseconds. */
export type Scenario = z.output<typeof schema> & {
  /** Each user stops after so many requests, and the run when all have. */
  requestsPerUser?: number;
};
export type ScenarioRequest = z.output<typeof request>;

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
  const result = schema.safeParse(contentOf(document, file));
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
