import type { Block, Column, Tone } from "./blocks.ts";

export interface Style {
  /** True on a terminal: aligned columns, headings. Elsewhere tabs, no header, no truncation. */
  terminal: boolean;
  paint: Paint;
}

export type Paint = (text: string, tone: Tone | "bold") => string;

export const plainPaint: Paint = (text) => text;

/** Colours by chalk, which is loaded only where there is a terminal to colour. */
export async function chalkPaint(): Promise<Paint> {
  const { Chalk } = await import("chalk");
  const chalk = new Chalk({ level: 1 });
  const tones = {
    good: chalk.green,
    bad: chalk.red,
    warning: chalk.yellow,
    dim: chalk.dim,
    bold: chalk.bold,
  };
  return (text, tone) => tones[tone](text);
}

function paint(text: string, tone: Tone | undefined, style: Style): string {
  return tone === undefined ? text : style.paint(text, tone);
}

/** Turns blocks into text that ends in a line break, or into "" when there is nothing in them. */
export function renderBlocks(blocks: readonly Block[], style: Style): string {
  return blocks
    .map((block) => renderBlock(block, style))
    .filter((text) => text !== "")
    .map((text) => `${text}\n`)
    .join("");
}

function renderBlock(block: Block, style: Style): string {
  switch (block.kind) {
    case "text":
      return paint(block.text, block.tone, style);
    case "heading":
      return style.paint(block.text, "bold");
    case "list":
      return block.items.map((item) => (style.terminal ? `  - ${item}` : item)).join("\n");
    case "fields": {
      if (!style.terminal) {
        return block.rows.map(([label, value]) => `${label}\t${value}`).join("\n");
      }
      const width = Math.max(...block.rows.map(([label]) => displayWidth(label)));
      return block.rows
        .map(([label, value, tone]) => {
          const name = paint(pad(label, width), "dim", style);
          return `${name}  ${paint(value.replaceAll("\n", `\n${" ".repeat(width + 2)}`), tone, style)}`;
        })
        .join("\n");
    }
    case "table":
      return renderTable(block.columns, block.rows, block.empty, style);
  }
}

function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  empty: string,
  style: Style,
): string {
  if (!style.terminal) return rows.map((row) => row.join("\t")).join("\n");
  if (rows.length === 0) return paint(empty, "dim", style);
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[index] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align))
      .join("  ")
      .trimEnd();
  const header = style.paint(line(columns.map((column) => column.title)), "bold");
  return [header, ...rows.map(line)].join("\n");
}

function pad(text: string, width: number, align?: "right"): string {
  const space = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "right" ? space + text : text + space;
}

/** Columns a text takes on a terminal: wide characters (Unicode UAX #11 W and F) take two. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1;
  return width;
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}
