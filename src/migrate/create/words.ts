import { usageError } from "../../errors.ts";

const longest = 60;

/**
 * The words of a migration's name from any text: "Add users!" gives `add-users`. What is longer
 * than 60 characters is cut at the end of a word.
 * @throws StudioError (exit 2) where no letter or digit is left
 */
export function wordsOf(text: string): string {
  const words = text
    // `AddUsers` is two words, and what is on top of a letter goes.
    .replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, "$1-$2")
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const [first] = words;
  if (first === undefined) {
    throw usageError(
      `The name "${text}" holds no letter or digit (a to z, 0 to 9).`,
      "Say in a few words what the migration does: studio migrate create add-users",
    );
  }
  const cut = words.findIndex((_, index) => words.slice(0, index + 1).join("-").length > longest);
  if (cut < 0) return words.join("-");
  return cut === 0 ? first.slice(0, longest) : words.slice(0, cut).join("-");
}
