import { randomBytes } from "node:crypto";
import { StudioError, exitCodes, usageError } from "./errors.ts";

/** RFC 4648 base32 in lower case: four characters make two ids of one second differ. */
const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

const pattern = /^\d{8}T\d{6}Z-[a-z2-7]{4}$/;

/** A new id of a release, operation, snapshot or bench run: `20261120T210500Z-k3xq`. */
export function createIdentifier(now: Date): string {
  const random = Array.from(randomBytes(4), (byte) => alphabet[byte % 32]).join("");
  return `${timestampOf(now)}-${random}`;
}

/** The first part of an id, and of a migration's name: `20261120T210500Z`, UTC. */
export function timestampOf(time: Date): string {
  return time.toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
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

/** What an id may name, with what shows the ids there are and what makes the first one. */
const nouns = {
  release: { list: "`studio status`", make: "`studio deploy`" },
  operation: { list: "`studio history`", make: "`studio deploy`" },
  "bench run": { list: "`studio bench list`", make: "`studio bench`" },
  "suite run": { list: "`studio bench list`", make: "`studio bench suite`" },
  snapshot: { list: "`studio backup list`", make: "`studio backup create`" },
};

/**
 * Finds the one id that `text` means: a whole id, an unambiguous prefix, or `latest`.
 * @param known ids, in any order
 * @throws StudioError (exit 2) when `text` means none of them, or several
 */
export function resolveIdentifier(
  text: string,
  known: readonly string[],
  noun: keyof typeof nouns,
): string {
  const sorted = known.toSorted();
  const last = sorted.at(-1);
  if (last === undefined) throw noneYet(noun);
  if (text === "latest") return last;
  const matches = sorted.filter((id) => id.startsWith(text));
  if (matches.length === 1 && matches[0] !== undefined) return matches[0];
  if (matches.includes(text)) return text;
  if (matches.length === 0) {
    throw notFound(
      `No ${noun} has an id that starts with "${text}".`,
      `${nouns[noun].list} shows them.`,
    );
  }
  throw usageError(
    `"${text}" is the start of ${matches.length} ${noun} ids: ${matches.join(", ")}.`,
    "Give more characters of the id.",
  );
}

/** The error of asking for one of what there is none of yet. */
export function noneYet(noun: keyof typeof nouns): StudioError {
  return notFound(`There is no ${noun} yet.`, `${nouns[noun].make} makes the first.`);
}

function notFound(message: string, hint: string): StudioError {
  return new StudioError({ code: "id.unknown", message, hint, exitCode: exitCodes.usage });
}
