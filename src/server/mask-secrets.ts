const masked = "***";

const names =
  "(?:[\\w-]{0,20}authorization|cookie|set-cookie|x-api-key|api[_-]?key|access[_-]?key|(?:access|refresh|id|auth)?[_-]?token|(?:client[_-]?)?secret|passw(?:or)?d|pwd|signature|sig|key)";

// Repetitions are bounded, so that no text makes the search long.

/** A member of a JSON object whose whole value is a secret. */
const member = new RegExp(`("${names}":\\s*")(?:[^"\\\\]|\\\\.)*`, "gi");

/** The same in a JSON text that is itself a value of the line: each of its quotes has a backslash. */
const quotedMember = new RegExp(
  `(\\\\"${names}\\\\":\\s*\\\\")(?:[^"\\\\]|\\\\\\\\\\\\"|\\\\\\\\(?!\\\\")|\\\\[^"\\\\])*`,
  "gi",
);

/** `?api_key=…` in an address. */
const query = new RegExp(`([?&;]${names}=)[^&#\\s"'\\\\]+`, "gi");

/** `Authorization: Bearer …`, and the words alone. */
const scheme = /\b(Bearer|Basic)(\s+)[\w.~+/=:-]{4,}/gi;

/** `scheme://user:password@host`. */
const userinfo = /(\b[a-z][a-z\d+.-]{0,20}:\/\/[^\s:/@"'\\]{0,200}:)[^\s/@"'\\]{1,500}(?=@)/gi;

/** What any of the above needs: most lines are told by this one look to hold nothing. */
const suspicious = /auth|cookie|key|token|secret|passw|pwd|sig|bearer|basic|:\/\//i;

/**
 * A line of the log without secrets: authorization and cookies, keys in query strings, passwords
 * in addresses. The line stays the JSON document it was.
 */
export function maskSecrets(line: string): string {
  if (!suspicious.test(line)) return line;
  return line
    .replace(member, `$1${masked}`)
    .replace(quotedMember, `$1${masked}`)
    .replace(query, `$1${masked}`)
    .replace(scheme, `$1$2${masked}`)
    .replace(userinfo, `$1${masked}`);
}
