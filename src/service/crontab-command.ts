/**
 * A command in its folder as a line of a crontab has it. crontab(5) reads an unescaped `%` as a line
 * break, and gives a command few variables: those that are named stand before its words.
 */
export function crontabCommand(
  directory: string,
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): string {
  const given = Object.entries(variables).map(([name, value]) => `${name}=${quoteWord(value)}`);
  const command = [...given, ...words.map(quoteWord)].join(" ");
  return `cd ${quoteWord(directory)} && ${command}`.replaceAll("%", "\\%");
}

/** For sh: nothing is special between single quotes. */
function quoteWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
