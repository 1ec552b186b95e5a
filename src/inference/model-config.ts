import { readFile } from "node:fs/promises";
import { StudioError, exitCodes, reasonOf, systemCode } from "../errors.ts";

export interface Label {
  code: string;
  name: string;
}

/** What the `config.yaml` beside a model says. */
export interface ModelConfiguration {
  version?: string | undefined;
  task?: string | undefined;
  labels?: Label[] | undefined;
  [key: string]: unknown;
}

/**
 * Reads the configuration of a model; a missing file is an empty one. A label may be given as
 * `{code, name}` or as one word that is both.
 * @throws StudioError `model.config`
 */
export async function readModelConfiguration(file: string): Promise<ModelConfiguration> {
  const text = await readText(file);
  if (text === null) return {};
  const { parse } = await import("yaml");
  const { z } = await import("zod");
  const word = z.string().min(1);
  const label = z.union([
    word.transform((code): Label => ({ code, name: code })),
    z.object({ code: word, name: word }),
  ]);
  const schema = z.looseObject({
    version: z.union([word, z.number().transform(String)]).optional(),
    task: word.optional(),
    labels: z.array(label).min(1).optional(),
  });
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    throw broken(file, reasonOf(error).split("\n")[0] ?? "not YAML", error);
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const issues = checked.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? "the file" : path.join(".")}: ${message}`,
  );
  throw broken(file, issues.join("; "));
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
