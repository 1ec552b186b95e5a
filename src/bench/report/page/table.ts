import { escapeMarkup } from "../markup.ts";

/**
 * A table with its heading; nothing at all when it has no rows.
 *
 * @param columns titles; one that starts with ">" is right-aligned
 */
export function htmlTable(
  heading: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) return "";
  const classes = columns.map((title) => (title.startsWith(">") ? ' class="number"' : ""));
  const cell = (tag: string) => (content: string, index: number) =>
    `<${tag}${classes[index]}>${escapeMarkup(content)}</${tag}>`;
  const titles = columns.map((title) => title.replace(/^>/, ""));
  const head = titles.every((title) => title === "")
    ? ""
    : `<thead><tr>${titles.map(cell("th")).join("")}</tr></thead>`;
  const body = rows.map((row) => `<tr>${row.map(cell("td")).join("")}</tr>`).join("");
  return `<h2>${escapeMarkup(heading)}</h2><div class="scroll"><table>${head}<tbody>${body}</tbody></table></div>`;
}

/** Four figures are what a reader takes in. */
export function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
