/** One language the model can name: its ISO 639-1 code, English name and expected script. */
export interface Language {
  code: string;
  name: string;
  script: "Latin" | "Cyrillic" | "Greek" | "Arabic" | "Hebrew" | "Devanagari" | "Hangul" | "CJK";
}

/** The languages of the model, in the order of its output columns. */
export const languages: readonly Language[] = [
  { code: "ar", name: "Arabic", script: "Arabic" },
  { code: "bg", name: "Bulgarian", script: "Cyrillic" },
  { code: "ca", name: "Catalan", script: "Latin" },
  { code: "cs", name: "Czech", script: "Latin" },
  { code: "da", name: "Danish", script: "Latin" },
  { code: "de", name: "German", script: "Latin" },
  { code: "el", name: "Greek", script: "Greek" },
  { code: "en", name: "English", script: "Latin" },
  { code: "es", name: "Spanish", script: "Latin" },
  { code: "et", name: "Estonian", script: "Latin" },
  { code: "fa", name: "Persian", script: "Arabic" },
  { code: "fi", name: "Finnish", script: "Latin" },
  { code: "fr", name: "French", script: "Latin" },
  { code: "he", name: "Hebrew", script: "Hebrew" },
  { code: "hi", name: "Hindi", script: "Devanagari" },
  { code: "hr", name: "Croatian", script: "Latin" },
  { code: "hu", name: "Hungarian", script: "Latin" },
  { code: "id", name: "Indonesian", script: "Latin" },
  { code: "it", name: "Italian", script: "Latin" },
  { code: "ja", name: "Japanese", script: "CJK" },
  { code: "ko", name: "Korean", script: "Hangul" },
  { code: "lt", name: "Lithuanian", script: "Latin" },
  { code: "lv", name: "Latvian", script: "Latin" },
  { code: "nb", name: "Norwegian Bokmål", script: "Latin" },
  { code: "nl", name: "Dutch", script: "Latin" },
  { code: "pl", name: "Polish", script: "Latin" },
  { code: "pt", name: "Portuguese", script: "Latin" },
  { code: "ro", name: "Romanian", script: "Latin" },
  { code: "ru", name: "Russian", script: "Cyrillic" },
  { code: "sk", name: "Slovak", script: "Latin" },
  { code: "sl", name: "Slovenian", script: "Latin" },
  { code: "sr", name: "Serbian", script: "Cyrillic" },
  { code: "sv", name: "Swedish", script: "Latin" },
  { code: "tr", name: "Turkish", script: "Latin" },
  { code: "uk", name: "Ukrainian", script: "Cyrillic" },
  { code: "vi", name: "Vietnamese", script: "Latin" },
  { code: "zh", name: "Chinese", script: "CJK" },
];

const knownCodes = new Set(languages.map((language) => language.code));

/**
 * Maps a locale tag of a path (`pt_BR`, `zh-cn`, `nb_NO`, `C`) to a language code of the model,
 * or to undefined. Variants in another script (`sr@latin`) are left out, not mislabelled.
 */
export function languageOfTag(tag: string): string | undefined {
  if (tag === "C") return "en";
  if (/latin|ijekavian|cyrl|@shavian|^en@/i.test(tag)) return undefined;
  const base = (tag.toLowerCase().split(/[_\-@.]/)[0] ?? "").trim();
  const code = base === "no" ? "nb" : base === "iw" ? "he" : base;
  return knownCodes.has(code) ? code : undefined;
}

const scriptPatterns: Record<Language["script"], RegExp> = {
  Latin: /\p{Script=Latin}/gu,
  Cyrillic: /\p{Script=Cyrillic}/gu,
  Greek: /\p{Script=Greek}/gu,
  Arabic: /\p{Script=Arabic}/gu,
  Hebrew: /\p{Script=Hebrew}/gu,
  Devanagari: /\p{Script=Devanagari}/gu,
  Hangul: /\p{Script=Hangul}/gu,
  CJK: /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}/gu,
};
const scriptOfCode = new Map(languages.map((language) => [language.code, language.script]));

/** The share, 0 to 1, of a text's letters that are of the script its language is written in. */
export function shareInScript(text: string, code: string): number {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const script = scriptOfCode.get(code);
  if (letters === 0 || script === undefined) return 0;
  return (
    (text.match(scriptPatterns[script])?.filter((c) => /\p{L}/u.test(c)).length ?? 0) / letters
  );
}
