/** What a result looks like to people, as data: output.ts alone turns it into characters. */
export type Block =
  | { kind: "text"; text: string; tone?: Tone }
  | { kind: "heading"; text: string }
  | { kind: "fields"; rows: readonly (readonly [label: string, value: string, tone?: Tone])[] }
  | {
      kind: "table";
      columns: readonly Column[];
      rows: readonly (readonly string[])[];
      empty: string;
    }
  | { kind: "list"; items: readonly string[] };

export type Tone = "good" | "bad" | "warning" | "dim";

export interface Column {
  title: string;
  align?: "right";
}

export const text = (content: string, tone?: Tone): Block => ({
  kind: "text",
  text: content,
  ...(tone === undefined ? {} : { tone }),
});

export const heading = (content: string): Block => ({ kind: "heading", text: content });

export const fields = (
  rows: readonly (readonly [label: string, value: string, tone?: Tone])[],
): Block => ({ kind: "fields", rows });

/** @param columns titles; one that starts with ">" is right-aligned */
export const table = (
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  empty: string,
): Block => ({
  kind: "table",
  columns: columns.map((title) =>
    title.startsWith(">") ? { title: title.slice(1), align: "right" } : { title },
  ),
  rows,
  empty,
});

export const list = (items: readonly string[]): Block => ({ kind: "list", items });
