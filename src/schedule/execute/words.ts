import { usageError } from "../../errors.ts";

/**
 * The words of a line as a shell would split it, without any of its expansions: blanks separate,
 * quotes of both kinds hold together, a backslash takes the next character as it is.
 * @throws StudioError (exit 2) for a quote that does not end
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let place = 0; place < line.length; place += 1) {
    const character = line.charAt(place);
    if (quote === "" && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === quote) quote = "";
    else if (quote === "" && (character === "'" || character === '"')) {
      quote = character;
      word ??= "";
    } else if (character === "\\" && quote !== "'") {
      place += 1;
      word = (word ?? "") + line.charAt(place);
    } else word = (word ?? "") + character;
  }
  if (quote !== "") {
    throw usageError(
      `A quote (${quote}) in "${line}" does not end.`,
      "Correct the job's run line.",
    );
  }
  return word === null ? words : [...words, word];
}
