import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";

/** The ids of a text's tokens; words are looked up, so a corpus is read in seconds. */
export type Encode = (text: string) => Uint16Array;

/** @param longest most tokens of a text that are kept */
export function createEncoder(longest: number): Encode {
  const file = new URL("../tokenizer.json", import.meta.url);
  const description = JSON.parse(readFileSync(file, "utf8")) as object;
  const tokenizer = new Tokenizer(description, {});
  const words = new Map<string, number[]>();
  return (text) => {
    const ids: number[] = [];
    // The tokenizer never joins over a space, so it can be asked word by word.
    for (const word of text.split(/\s+/)) {
      if (word === "" || ids.length >= longest) continue;
      const known = words.get(word) ?? tokenizer.encode(word).ids;
      words.set(word, known);
      ids.push(...known);
    }
    return Uint16Array.from(ids.slice(0, longest));
  };
}
