import { InferenceError } from "../inference-error.ts";

const segmenters = new Map<string, Intl.Segmenter>();

/**
 * One for each language and kind: making one takes longer than a short text.
 * @throws InferenceError `inference.input` when `language` is no language tag
 */
export function segmenter(
  language: string | undefined,
  granularity: "grapheme" | "word" | "sentence",
): Intl.Segmenter {
  const key = `${language ?? ""} ${granularity}`;
  let made = segmenters.get(key);
  if (made === undefined) {
    try {
      made = new Intl.Segmenter(language ?? "en", { granularity });
    } catch {
      const message = `"${language}" is no language tag.`;
      throw new InferenceError("inference.input", message, 'Give one such as "en" or "pt-BR".');
    }
    // Callers choose the tag; they must not fill the memory with it.
    if (segmenters.size >= 200) segmenters.clear();
    segmenters.set(key, made);
  }
  return made;
}
