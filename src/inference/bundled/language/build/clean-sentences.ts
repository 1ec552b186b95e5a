/** Shortest and longest sentence kept, in UTF-16 code units. */
const shortestSentence = 20;
const longestSentence = 400;

/** Takes markup, placeholders, addresses and paths out of a catalogue message or paragraph. */
function cleanText(text: string): string {
  return text
    .normalize("NFC")
    .replace(/<[^<>]{0,300}>/g, " ")
    .replace(/&(?:lt|gt|amp|nbsp|quot|#\d+);/g, " ")
    .replace(
      /(?:https?|ftp|file|mailto|man|ghelp|help|info):\/*[^\s<>"')]+|www\.[^\s<>"')]+/gi,
      " ",
    )
    .replace(/[\w.+-]+@[\w-]+\.[\w.-]+/g, " ")
    .replace(/\{\{[^{}]*\}\}|\[\[[^[\]]*\]\]|\{[\w:.]*\}|\$\w+|'{2,}/g, " ")
    .replace(/%(?:\d+\$)?[-+ #0]*\d*(?:\.\d+)?(?:hh?|ll?|z|j)?[a-zA-Z]\b|%\(\w+\)\w|%\d/g, " ")
    .replace(/(?<![\p{L}\p{N}])(?:~?\/[\w.*~-]+)+\/?/gu, " ")
    .replace(/(?<![\p{L}\p{N}])--?[a-z][\w-]*(?:=\S*)?/gu, " ")
    .replace(/\\n/g, " ")
    .replace(/(?<=\p{L})[_&](?=\p{L})|(?<!\p{L})[_&](?=\p{L})/gu, "")
    .replace(/\s+/g, " ")
    .trim();
}

const segmenters = new Map<string, Intl.Segmenter>();

/** Splits a cleaned paragraph into sentences by Unicode's rules (UAX #29) and keeps the prose. */
export function proseSentences(paragraph: string, language: string): string[] {
  let segmenter = segmenters.get(language);
  if (segmenter === undefined) {
    segmenter = new Intl.Segmenter(language, { granularity: "sentence" });
    segmenters.set(language, segmenter);
  }
  const sentences: string[] = [];
  for (const { segment } of segmenter.segment(cleanText(paragraph))) {
    const sentence = segment.trim();
    if (isProse(sentence, language)) sentences.push(sentence);
  }
  return sentences;
}

function isProse(sentence: string, language: string): boolean {
  if (sentence.length < shortestSentence || sentence.length > longestSentence) return false;
  if (/[{}<>|\\=@#^`~\t]|::|\(\)|_\w+_|\uFFFD/.test(sentence)) return false;
  const letters = sentence.match(/[\p{L}\p{M}]/gu)?.length ?? 0;
  const unspaced = language === "zh" || language === "ja";
  const words = sentence.split(" ").filter((word) => /\p{L}{2}/u.test(word)).length;
  return letters / sentence.length > 0.65 && (unspaced || words >= 3);
}

const englishWords =
  /\b(?:the|and|of|to|is|this|that|with|for|are|be|you|your|from|not|can|will|it|by|as|which)\b/gi;

/** True when a sentence of another language holds three or more different English stop words. */
export function readsAsEnglish(sentence: string): boolean {
  const found = new Set((sentence.match(englishWords) ?? []).map((word) => word.toLowerCase()));
  return found.size >= 3;
}

/** The form in which sentences are compared: letters alone, lower case. */
export function comparisonKey(sentence: string): string {
  return sentence
    .toLowerCase()
    .replace(/[^\p{L}\p{M}]+/gu, " ")
    .trim();
}
