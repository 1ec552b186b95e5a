import { interpolate, literalPart } from "./interpolate.ts";

/** Addresses of which the user's password alone is secret. */
const connection = /^(sqlite|file|postgres(?:ql)?|mysql|mariadb|rediss?)(?:\+\w+)?:(?:\/\/)?/i;

/**
 * True when the text of a secret field shows (a part of) the secret itself. In doubt it does.
 * @param isConnection the field holds the URL of a database or of Redis
 */
export function showsSecret(text: string, isConnection: boolean): boolean {
  if (!interpolate(text, () => "").literal) return false;
  return !isConnection || !isHarmlessAddress(literalPart(text));
}

/** True for the URL of a database or of Redis in which there is no password. */
export function isHarmlessAddress(text: string): boolean {
  const match = connection.exec(text);
  if (match === null) return false;
  const rest = text.slice(match[0].length);
  if (/^(sqlite|file)$/i.test(match[1] ?? "")) return !rest.includes("?");
  // Up to the last "@", not as a URL: a password may hold characters that break a URL.
  const end = rest.lastIndexOf("@");
  const password = end === -1 ? "" : (/:([\s\S]*)$/.exec(rest.slice(0, end))?.[1] ?? "");
  return password === "" && !/[?&][^=]*(pass|pwd|secret|token|key)/i.test(rest);
}

/** The password inside a URL, as it is written and decoded; nothing when there is none. */
export function passwordsOf(value: string): string[] {
  const parsed = URL.canParse(value) ? new URL(value).password : undefined;
  if (parsed === "") return [];
  const written = /^[a-z][a-z0-9+.-]*:\/\/[^:@/]*:([\s\S]*)@/i.exec(value)?.[1];
  const found = [written ?? "", parsed ?? "", decoded(parsed ?? written ?? "")];
  return [...new Set(found)].filter((text) => text !== "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
