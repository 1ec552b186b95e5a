import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { exitCodes, reasonOf, StudioError } from "../../errors.ts";
import { randomNumbers } from "../random.ts";
import type { Feed, Flow } from "./flow-fields.ts";
import { variablesIn } from "./template.ts";

type Row = Record<string, string>;

/**
 * The flows with the rows of their feeds.
 *
 * @param folder of the scenario, against which the files are named
 * @throws StudioError (exit 2) for a feed that cannot be read, is empty, or lacks a column
 */
export async function loadFeeds(flows: readonly Flow[], folder: string): Promise<Flow[]> {
  return Promise.all(
    flows.map(async (flow) => {
      if (flow.feed === null) return flow;
      const file = resolve(folder, flow.feed.file);
      const text = await readFile(file, "utf8").catch((error: unknown) => {
        throw refuse(file, reasonOf(error));
      });
      const rows = file.toLowerCase().endsWith(".csv") ? parseCsv(text) : parseLines(text, file);
      requireColumns(flow, rows, file);
      return { ...flow, feed: { ...flow.feed, rows } };
    }),
  );
}

/**
 * The row of the n-th time that a flow is played, from 0; null when each was used once.
 * The same for every generator, whatever their number.
 */
export function rowOf({ order, rows }: Pick<Feed, "order" | "rows">, turn: number): Row | null {
  if (order === "unique") return rows[turn] ?? null;
  const index = order === "random" ? randomNumbers(turn)() * rows.length : turn % rows.length;
  return rows[Math.floor(index)] ?? null;
}

/** Comma-separated values with a line of names (RFC 4180); short rows have empty fields. */
export function parseCsv(text: string): Row[] {
  const [names = [], ...lines] = fieldsOf(text.replace(/^\ufeff/, ""));
  return lines
    .filter((line) => line.length > 1 || line[0] !== "")
    .map((line) => Object.fromEntries(names.map((name, index) => [name, line[index] ?? ""])));
}

function fieldsOf(text: string): string[][] {
  const lines: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    const [, quoted, plain = "", end] = match;
    lines.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "") break;
    if (end !== ",") lines.push([]);
  }
  return lines.filter((line) => line.length > 0);
}

function parseLines(text: string, file: string): Row[] {
  return text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => {
      const value = attempt(line);
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        throw refuse(file, `line ${number} is not an object in JSON`);
      }
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, textOf(one)]));
    });
}

function attempt(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function requireColumns({ name, steps }: Flow, rows: readonly Row[], file: string): void {
  const [first] = rows;
  if (first === undefined) throw refuse(file, "there is no row in it");
  const known = new Set(Object.keys(first));
  for (const step of steps) {
    const missing = variablesIn(step).find((variable) => !known.has(variable));
    if (missing !== undefined) {
      const columns = Object.keys(first).join(", ");
      throw refuse(file, `the flow ${name} asks for {{${missing}}}, and it has ${columns}`);
    }
    for (const captured of Object.keys(step.capture)) known.add(captured);
  }
}

function refuse(file: string, reason: string): StudioError {
  return new StudioError({
    code: "bench.feed",
    message: `The feed ${file} cannot be used: ${reason}.`,
    hint: "Mend the file, or name another in the flow's feed.",
    exitCode: exitCodes.usage,
  });
}
