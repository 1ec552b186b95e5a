export type Value = string | number | boolean | null;

/** Both ends are numbers, or both are texts. */
export interface Range {
  gt?: number | string | undefined;
  gte?: number | string | undefined;
  lt?: number | string | undefined;
  lte?: number | string | undefined;
}

/** The keys that lead to a value in the metadata, from the outermost. */
export type Path = readonly string[];

/** What a filter asks of the metadata of an item. */
export type Condition =
  | { kind: "equals"; path: Path; value: Value }
  | { kind: "in"; path: Path; values: readonly Value[] }
  | { kind: "range"; path: Path; range: Range }
  | { kind: "exists"; path: Path; exists: boolean }
  | { kind: "and" | "or"; conditions: readonly Condition[] }
  | { kind: "not"; condition: Condition };
