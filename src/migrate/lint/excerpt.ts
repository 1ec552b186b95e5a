const longest = 120;

/** A statement on one line, cut to 120 characters; without constants where one may be a password. */
export function excerptOf(statement: string): string {
  const shown = mentionsPassword(statement)
    ? statement.replaceAll(/'(?:[^'\\]|\\[^]|'')*'?/g, "'…'")
    : statement;
  const line = shown
    .slice(0, 10 * longest)
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** CREATE ROLE, CREATE USER and the like, whose text must not be shown. */
export function mentionsPassword(statement: string): boolean {
  return /\b(?:password|identified|secret)\b/i.test(statement);
}
