/**
 * Languages that write spaces between words and have a list of stop words of a useful length, in
 * ISO 639-1. Norwegian Bokmål goes by "no" in the lists.
 */
export const stopWordLanguages: readonly string[] =
  "ar bg ca cs da de el en es et fa fi fr he hi hr hu id it lt lv nb nl pl pt ro ru sk sl sv tr uk vi".split(
    " ",
  );

const loaded = new Map<string, ReadonlySet<string>>();

/**
 * The words of a language that say nothing of what a text is about, in lower case: the list of the
 * package `stopwords-iso`.
 * @param language one of `stopWordLanguages`
 */
export async function loadStopWords(language: string): Promise<ReadonlySet<string>> {
  const known = loaded.get(language);
  if (known !== undefined) return known;
  const lists = await import("stopwords-iso/stopwords-iso.json", { with: { type: "json" } });
  const list = (lists.default as Record<string, string[]>)[language === "nb" ? "no" : language];
  if (list === undefined) throw new Error(`stopwords-iso has no list for ${language}`);
  const words = new Set(list.map((word) => word.toLowerCase()));
  loaded.set(language, words);
  return words;
}
