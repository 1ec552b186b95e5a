import type { Token } from "./token.ts";

/** Collects the words that a statement begins with, up to the first token that is none. */
export class FirstWords {
  readonly words: string[] = [];
  #complete = false;

  take(token: Token): void {
    // What MySQL hides from other databases is part of the statement.
    if (this.#complete || token.text === "/*!" || token.text === "*/") return;
    if (token.kind === "word" && this.words.length < 8) this.words.push(token.text);
    else this.#complete = true;
  }

  /** @param pattern of words in capitals with one space between them */
  match(pattern: RegExp): boolean {
    return pattern.test(this.words.join(" "));
  }
}
