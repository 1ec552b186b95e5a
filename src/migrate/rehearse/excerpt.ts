const longest = 200;

/** The beginning of a statement on one line; a password that it holds is not shown. */
export function excerptOf(sql: string): string {
  // The beginning is enough; a statement that inserts a file may be megabytes.
  const line = withoutPasswords(sql.slice(0, longest * 10))
    .replace(/\s+/g, " ")
    .trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** Of CREATE ROLE … PASSWORD 'x', CREATE USER … IDENTIFIED BY 'x', and `user=x password=y`. */
function withoutPasswords(sql: string): string {
  return sql
    .replace(/\b(password|identified\s+by|using|as)(\s+)(?:e|n)?'(?:[^'\\]|''|\\.)*'?/gi, hide)
    .replace(/\b(password\s*=\s*)[^\s'",)]+/gi, "$1…");
}

/** Of IDENTIFIED WITH … AS or USING only where a user is meant. */
function hide(whole: string, word: string, space: string, at: number, sql: string): string {
  const isUser = /\b(user|role|identified)\b/i.test(sql.slice(0, at));
  return /^(as|using)$/i.test(word) && !isUser ? whole : `${word}${space}'…'`;
}
