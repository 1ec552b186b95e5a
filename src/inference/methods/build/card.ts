import { readFileSync, writeFileSync } from "node:fs";

/** Puts measured figures between the marks of a card. @throws Error when it has no marks */
export function writeFigures(card: URL, figures: string): void {
  const marked = /(<!-- measured: begin -->)[\s\S]*(<!-- measured: end -->)/;
  const text = readFileSync(card, "utf8");
  if (!marked.test(text)) throw new Error(`${card.pathname} has no marks for the measured figures`);
  // A function, not a string: figures may hold a dollar sign, which a string would interpret.
  const replacement = (_: string, begin: string, end: string): string =>
    `${begin}\n\n${figures}\n\n${end}`;
  writeFileSync(card, text.replace(marked, replacement));
}

/** A table in Markdown, the first column to the left and the others to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = header.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}
