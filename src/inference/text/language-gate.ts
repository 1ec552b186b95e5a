import type { JobOptions } from "../batch-queue.ts";
import { InferenceError } from "../inference-error.ts";
import type { LanguageTask } from "../tasks/language.ts";

/** The language of a text, as far as it matters to a method that knows some languages only. */
export interface JudgedLanguage {
  /** ISO 639-1; null when nobody said and no model could tell. */
  code: string | null;
  /** Of the detection, 0 to 1; null when the caller said which language it is. */
  confidence: number | null;
  /** Why the method gives no answer; null when it does. */
  reason: string | null;
}

/** A detection below this is treated as none: its answers are right about half the time. */
const sureEnough = 0.7;

/**
 * Tells for each text whether a method that knows `languages` can be used on it. What the caller
 * says counts; else the language model does; where it is missing or unsure nothing speaks against a
 * method of one language, and a method of several cannot choose.
 * @throws InferenceError `inference.input` when the caller names a language that is not known
 */
export async function judgeLanguages(
  texts: readonly string[],
  languages: readonly string[],
  said: string | undefined,
  detection: { task: LanguageTask; options: JobOptions },
): Promise<JudgedLanguage[]> {
  if (said !== undefined) {
    const code = said.split("-")[0]?.toLowerCase() ?? "";
    if (languages.includes(code))
      return texts.map(() => ({ code, confidence: null, reason: null }));
    throw new InferenceError(
      "inference.input",
      `The method does not know the language "${said}".`,
      `It knows ${languages.join(", ")}.`,
    );
  }
  const guesses = await detect(texts, detection);
  return texts.map((_, index) => {
    const guess = guesses?.[index];
    if (guess === undefined || guess.confidence < sureEnough) {
      return unsure(languages, guess?.confidence ?? null);
    }
    const { language: code, confidence, name } = guess;
    const reason = languages.includes(code)
      ? null
      : `The text seems to be ${name} (${confidence.toFixed(2)}), which the method does not know.`;
    return { code, confidence, reason };
  });
}

function unsure(languages: readonly string[], confidence: number | null): JudgedLanguage {
  const [only, ...others] = languages;
  if (others.length === 0) return { code: only ?? null, confidence, reason: null };
  const reason = 'The language of the text could not be told; say it as "language".';
  return { code: null, confidence, reason };
}

async function detect(
  texts: readonly string[],
  { task, options }: { task: LanguageTask; options: JobOptions },
): Promise<{ language: string; name: string; confidence: number }[] | null> {
  try {
    return await task.identify(texts, options);
  } catch (error) {
    if (error instanceof InferenceError && error.code === "model.missing") return null;
    throw error;
  }
}
