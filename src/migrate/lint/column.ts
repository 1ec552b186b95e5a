export interface ColumnType {
  /** In lower case and without aliases: `varchar`, `bigint`, `enum`. */
  name: string;
  /** As written in the parentheses: `["10", "2"]`, or the values of an enum. */
  arguments: string[];
  array: boolean;
  unsigned: boolean;
}

/** What a CHECK asks for, as far as it is judged here. */
export interface CheckCondition {
  /** The columns that it reads. */
  columns: string[];
  /** The columns of which it says IS NOT NULL, by itself or joined by AND. */
  notNull: string[];
}

export interface ColumnDefinition {
  name: string;
  /** Null where none is given. */
  type: ColumnType | null;
  notNull: boolean;
  /** `none` for DEFAULT NULL too; `volatile` differs from row to row, as random() does. */
  default: "none" | "constant" | "volatile";
  generated: "stored" | "virtual" | null;
  /** It numbers its rows: `always` refuses a number that a statement brings. */
  identity: "always" | "default" | null;
  primaryKey: boolean;
  unique: boolean;
  check: CheckCondition | null;
  /** The table that it references. */
  references: string | null;
}

/** A nullable column with nothing else to it, for a reader to fill in. */
export function plainColumn(name: string, type: ColumnType | null): ColumnDefinition {
  return {
    name,
    type,
    notNull: false,
    default: "none",
    generated: null,
    identity: null,
    primaryKey: false,
    unique: false,
    check: null,
    references: null,
  };
}

/** May a statement leave the column out? */
export function fillsItself(column: ColumnDefinition): boolean {
  return column.default !== "none" || column.identity !== null || column.generated !== null;
}

/** `varchar(10)`, `bigint[]`, `bigint unsigned`. */
export function describeType(type: ColumnType): string {
  const size = type.arguments.length === 0 ? "" : `(${type.arguments.join(", ")})`;
  return `${type.name}${size}${type.unsigned ? " unsigned" : ""}${type.array ? "[]" : ""}`;
}
