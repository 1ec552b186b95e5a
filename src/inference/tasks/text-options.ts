import { InferenceError } from "../inference-error.ts";

export const textTaskNames = [
  "statistics",
  "language",
  "sentiment",
  "keywords",
  "embeddings",
] as const;

export type TextTaskName = (typeof textTaskNames)[number];

/** What a caller may say of how a task is done; each task knows some of it. */
export interface TextOptions {
  /** The language of the texts, a tag such as "en" or "pt-BR". */
  language?: string;
  /** Statistics: reading speed. */
  words_per_minute?: number;
  /** Keywords: most phrases, and most words of one. */
  limit?: number;
  words?: number;
  /** Embeddings: the model, the length of the vectors, and the name of a prompt. */
  model?: string;
  dimensions?: number;
  prompt?: string;
  /** Embeddings: cut a text of too many tokens, and do not refuse it. */
  truncate?: boolean;
}

type Rule = "text" | "flag" | readonly [least: number, most: number];

const rules: Readonly<Record<TextTaskName, Readonly<Partial<Record<keyof TextOptions, Rule>>>>> = {
  statistics: { language: "text", words_per_minute: [50, 1000] },
  language: {},
  sentiment: { language: "text" },
  keywords: { language: "text", limit: [1, 100], words: [1, 6] },
  embeddings: { model: "text", dimensions: [1, 65_536], prompt: "text", truncate: "flag" },
};

/**
 * Checks what was said of a task.
 * @throws InferenceError `inference.input` for what the task does not know or cannot use
 */
export function readTextOptions(task: TextTaskName, options: object): TextOptions {
  const known = rules[task];
  for (const [key, value] of Object.entries(options)) {
    const rule = Object.hasOwn(known, key) ? known[key as keyof TextOptions] : undefined;
    if (rule === undefined) {
      const names = Object.keys(known).join(", ");
      throw new InferenceError(
        "inference.input",
        `The task "${task}" has no option "${key.slice(0, 50)}".`,
        names === "" ? "It has none." : `It has ${names}.`,
      );
    }
    if (!obeys(value, rule)) throw wrong(key, rule);
  }
  return options;
}

function obeys(value: unknown, rule: Rule): boolean {
  if (rule === "flag") return typeof value === "boolean";
  if (rule === "text") return typeof value === "string" && value !== "" && value.length <= 200;
  return Number.isInteger(value) && Number(value) >= rule[0] && Number(value) <= rule[1];
}

function wrong(key: string, rule: Rule): InferenceError {
  const must = requirement(rule);
  return new InferenceError("inference.input", `The option "${key}" must be ${must}.`);
}

function requirement(rule: Rule): string {
  if (rule === "text") return "a text of 1 to 200 characters";
  if (rule === "flag") return "true or false";
  return `a whole number from ${rule[0]} to ${rule[1]}`;
}
