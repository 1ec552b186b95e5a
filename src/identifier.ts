import { randomBytes } from "node:crypto";
import { StudioError, exitCodes, usageError } from "./errors.ts";

/** RFC 4648 base32 in lower case: four characters make two ids of one second differ. */
const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

const pattern = /^\d{8}T\d{6}Z-[a-z2-7]{4}$/;

/** A new id of a release, operation, snapshot or bench run: `20261120T210500Z-k3xq`. */
export function createIdentifier(now: Date): string {
  const time = now.toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
  const random = Array.from(randomBytes(4), (byte) => alphabet[byte % 32]).join("");
  return `${time}-${random}`;
}

export function isIdentifier(text: string): boolean {
  return pattern.test(text);
}

/** The instant an id was made, to the second. */
export function identifierTime(id: string): Date {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(id) ?? [];
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/**
 * Finds the one id that `text` means: a whole id, an unambiguous prefix, or `latest`.
 * @param known ids, in any order
 * @param noun what the ids name, for the message: "release", "snapshot"
 */
export function resolveIdentifier(text: string, known: readonly string[], noun: string): string {
  const sorted = known.toSorted();
  if (text === "latest") {
    const last = sorted.at(-1);
    if (last !== undefined) return last;
    throw notFound(`There is no ${noun} yet.`);
  }
  const matches = sorted.filter((id) => id.startsWith(text));
  if (matches.length === 1 && matches[0] !== undefined) return matches[0];
  if (matches.includes(text)) return text;
  if (matches.length === 0) throw notFound(`No ${noun} has an id that starts with "${text}".`);
  throw usageError(
    `"${text}" is the start of ${matches.length} ${noun} ids: ${matches.join(", ")}.`,
    "Give more characters of the id.",
  );
}

function notFound(message: string): StudioError {
  return new StudioError({ code: "id.unknown", message, exitCode: exitCodes.usage });
}
