import { segmenter } from "./segmenter.ts";

/** Code units that are looked at before other requests get their turn: some 5 ms. */
const unitsPerTurn = 5000;

/**
 * Where the piece of a long text that begins at `start` ends: at the end of a paragraph, a line, a
 * sentence or a word, whichever of them there is, so that counts of pieces add up.
 */
export function endOfPiece(text: string, start: number): number {
  const limit = start + unitsPerTurn;
  if (limit >= text.length) return text.length;
  for (const border of ["\n\n", "\n", ". ", "。", " "]) {
    const at = text.lastIndexOf(border, limit);
    if (at > start + unitsPerTurn / 2) return at + border.length;
  }
  // A line without an end: cut between two characters that no rule joins.
  const rest = segmenter(undefined, "grapheme").segment(text.slice(start, limit + 200));
  const cut = rest.containing(unitsPerTurn)?.index ?? 0;
  return cut > 0 ? start + cut : Math.min(text.length, limit + 200);
}
