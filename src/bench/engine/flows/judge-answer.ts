import { tooSlow } from "../../measure/recorder.ts";
import { statusProblem } from "../prepared-request.ts";
import type { PreparedStep } from "./prepared-flow.ts";

export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Empty where the step does not look at it. */
  body: string;
  /** Milliseconds from when the request was sent. */
  took: number;
}

export interface Judged {
  /** Why the answer is not what the step expects, in words that hold none of it; or null. */
  problem: string | null;
  captured: Record<string, string>;
}

/** Checks an answer, and takes out of it what later steps need. */
export function judgeAnswer(step: PreparedStep, answer: Answer): Judged {
  const problem = problemOf(step, answer);
  if (problem !== null) return { problem, captured: {} };
  const captured: Record<string, string> = {};
  for (const [name, from] of Object.entries(step.capture)) {
    const value = valueOf(from, answer);
    if (value === null) return { problem: `check: nothing to capture as ${name}`, captured };
    captured[name] = value;
  }
  return { problem: null, captured };
}

function problemOf(step: PreparedStep, answer: Answer): string | null {
  const { headers = {}, body = {}, latency } = step.expect;
  const status = statusProblem(step, answer.status);
  if (status !== null) return status;
  for (const [name, text] of Object.entries(headers)) {
    const value = headerOf(answer, name);
    if (value?.includes(text) !== true) return `check: header ${name.toLowerCase()}`;
  }
  if (body.contains !== undefined && !answer.body.includes(body.contains)) {
    return "check: body does not contain what it should";
  }
  if (body.matches !== undefined && !new RegExp(body.matches).test(answer.body)) {
    return "check: body does not match";
  }
  for (const [path, wanted] of Object.entries(body.json ?? {})) {
    if (jsonAt(answer.body, path) !== wanted) return `check: body at ${path}`;
  }
  return latency !== undefined && answer.took > latency ? tooSlow : null;
}

function valueOf(from: PreparedStep["capture"][string], answer: Answer): string | null {
  if (from.header !== undefined) return headerOf(answer, from.header);
  if (from.regex !== undefined) {
    const match = new RegExp(from.regex).exec(answer.body);
    return match === null ? null : (match[1] ?? match[0]);
  }
  const value = jsonAt(answer.body, from.json ?? "");
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function headerOf({ headers }: Answer, name: string): string | null {
  const value = headers[name.toLowerCase()];
  return value === undefined ? null : [value].flat().join(", ");
}

/** The value at a path such as `items.0.id`; undefined where there is none, or no JSON at all. */
function jsonAt(body: string, path: string): unknown {
  try {
    return path.split(".").reduce<unknown>((value, key) => {
      const own = typeof value === "object" && value !== null && Object.hasOwn(value, key);
      return own ? Reflect.get(value, key) : undefined;
    }, JSON.parse(body));
  } catch {
    return undefined;
  }
}
