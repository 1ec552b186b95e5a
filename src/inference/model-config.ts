import { readFile } from "node:fs/promises";
import { suggest } from "../config/suggest.ts";
import { StudioError, exitCodes, reasonOf, systemCode } from "../errors.ts";

export interface Label {
  code: string;
  name: string;
}

/** Values of one input of a warm-up: all of them, or one that fills the shape. */
export interface WarmUpInput {
  /** As ONNX Runtime names it. Default: "float32". */
  type?: string | undefined;
  shape: number[];
  data?: (number | boolean | string)[] | undefined;
  fill?: number | undefined;
}

/** What the `config.yaml` beside a model says. */
export interface ModelConfiguration {
  version?: string | undefined;
  task?: string | undefined;
  labels?: Label[] | undefined;
  /** Worker threads with a session each. */
  instances?: number | undefined;
  /** Threads of one session. */
  threads?: number | undefined;
  batching?:
    | {
        /** Most rows in one run. */
        rows?: number | undefined;
        /** Most tokens in one run: rows times the longest of them. */
        tokens?: number | undefined;
        /** Most rows that wait. */
        queue?: number | undefined;
      }
    | undefined;
  /** Sizes of free dimensions, by name, for the run on zeros that comes before them. */
  dimensions?: Record<string, number> | undefined;
  /** Requests by input name, sent before the model counts as ready. */
  warmUp?: Record<string, WarmUpInput>[] | undefined;
  /** Answers are remembered: for models that give the same answer to the same request. */
  cache?: boolean | undefined;
  /** The version that answers when a caller names none; in the model's own folder. */
  defaultVersion?: string | undefined;
  /** Which versions are served: all (the default), the newest so many, or those named. */
  versions?: "all" | number | string[] | undefined;
  [key: string]: unknown;
}

const keys =
  "version task labels instances threads batching dimensions warmUp cache defaultVersion versions".split(
    " ",
  );

/**
 * Reads the configuration of a model; a missing file is an empty one. A label may be given as
 * `{code, name}` or as one word that is both. Keys of its own are left to the model's task.
 * @throws StudioError `model.config`, which names the file and every key that is wrong
 */
export async function readModelConfiguration(file: string): Promise<ModelConfiguration> {
  const text = await readText(file);
  if (text === null) return {};
  const { parse } = await import("yaml");
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    throw broken(file, reasonOf(error).split("\n")[0] ?? "not YAML", error);
  }
  const checked = (await configurationSchema()).safeParse(value);
  const issues = checked.success
    ? []
    : checked.error.issues.map(
        ({ path, message }) => `${path.length === 0 ? "the file" : path.join(".")}: ${message}`,
      );
  issues.push(...misspelt(value));
  if (checked.success && issues.length === 0) return checked.data;
  throw broken(file, issues.join("; "));
}

async function configurationSchema() {
  const { z } = await import("zod");
  const word = z.string().min(1);
  const version = z.union([word, z.number().transform(String)]);
  const count = z.int().min(1);
  const label = z.union([
    word.transform((code): Label => ({ code, name: code })),
    z.object({ code: word, name: word }),
  ]);
  const warmUpInput = z
    .strictObject({
      type: word.optional(),
      shape: z.array(z.int().min(0)),
      data: z.array(z.union([z.number(), z.boolean(), z.string()])).optional(),
      fill: z.number().optional(),
    })
    .refine(({ shape, data }) => data === undefined || data.length === product(shape), {
      error: "must have as many values in data as the shape has places",
    });
  return z.looseObject({
    version: version.optional(),
    task: word.optional(),
    labels: z.array(label).min(1).optional(),
    instances: count.max(256).optional(),
    threads: count.max(256).optional(),
    batching: z
      .strictObject({
        rows: count.optional(),
        tokens: count.optional(),
        queue: count.optional(),
      })
      .optional(),
    dimensions: z.record(word, count).optional(),
    warmUp: z.array(z.record(word, warmUpInput)).max(100).optional(),
    cache: z.boolean().optional(),
    defaultVersion: version.optional(),
    versions: z
      .union([z.literal("all"), count, z.array(version).min(1)], {
        error: "must be all, a number of versions or a list of them",
      })
      .optional(),
  });
}

/** Other keys are the task's own, but one that is nearly one of these is a mistake. */
function misspelt(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((key) => {
    const meant = keys.includes(key) ? undefined : suggest(key, keys);
    return meant === undefined ? [] : [`${key}: is unknown, did you mean ${meant}?`];
  });
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1);
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw broken(file, reasonOf(error), error);
  }
}

function broken(file: string, reason: string, cause?: unknown): StudioError {
  return new StudioError({
    code: "model.config",
    message: `The model configuration ${file} is not usable: ${reason}.`,
    hint: "Correct the file, or remove the model's folder.",
    exitCode: exitCodes.usage,
    cause,
  });
}
