export interface Interpolation {
  text: string;
  /** Names of all variables the text refers to. */
  names: string[];
  /** Names of variables that are not set and have no default. */
  missing: string[];
  /** True when a `${` is not closed or holds no variable name. */
  malformed: boolean;
  /** True when something else than references stands in the text (a default counts). */
  literal: boolean;
}

const reference = /\$\$\{|\$\{([^}]*)\}|\$\{/g;
const inside = /^([A-Za-z_][A-Za-z0-9_]*)(@url)?(?::-(.*))?$/s;

/**
 * Replaces `${NAME}` and `${NAME:-default}` as a shell does (the default also stands in for an
 * empty value); `${NAME@url}` percent-encodes the value for a place inside a URL; `$${` stands for
 * `${`. A variable that cannot be replaced is left as it is and named in the result.
 */
export function interpolate(
  text: string,
  lookup: (name: string) => string | undefined,
): Interpolation {
  const names: string[] = [];
  const missing: string[] = [];
  let malformed = false;
  let literal = text.replace(reference, "") !== "";
  const replaced = text.replace(reference, (whole: string, body: string | undefined) => {
    if (whole === "$${") {
      literal = true;
      return "${";
    }
    const [, name, encoding, fallback] = inside.exec(body ?? "") ?? [];
    if (name === undefined) {
      malformed = true;
      return whole;
    }
    names.push(name);
    if (fallback !== undefined && fallback !== "") literal = true;
    const given = lookup(name);
    const value = given === undefined || given === "" ? (fallback ?? given) : given;
    if (value === undefined) {
      missing.push(name);
      return whole;
    }
    return encoding === undefined ? value : encodeURIComponent(value);
  });
  return { text: replaced, names, missing, malformed, literal };
}

/** The text with every reference taken out: what a reader of the file alone can know. */
export function literalPart(text: string): string {
  return text.replace(reference, (whole: string, body: string | undefined) => {
    if (whole === "$${") return whole;
    return /:-(.*)$/s.exec(body ?? "")?.[1] ?? "";
  });
}
