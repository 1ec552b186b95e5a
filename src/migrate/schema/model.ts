import type { Dialect } from "../../database/address.ts";

/**
 * What a database is made of, apart from its rows: equal for equal databases, whatever order
 * things were created in, except for the columns of a table. Lists are sorted by name.
 *
 * A name is as the database keeps it. On PostgreSQL the names of the first schema of the search
 * path stand alone, the others are `schema.name`; a part that holds a dot or a quote is quoted
 * (`names.ts`). Fields that are absent have the database's default.
 */
export interface Schema {
  dialect: Dialect;
  /** PostgreSQL: the schemas beside the first one. */
  schemas: string[];
  extensions: Extension[];
  types: CustomType[];
  /** Those that belong to no column. */
  sequences: Sequence[];
  tables: Table[];
  views: View[];
  routines: Routine[];
  triggers: Trigger[];
  /** What is there and cannot be described here, by kind and name: `aggregate total(integer)`. */
  unmodelled: string[];
}

export interface Extension {
  name: string;
  schema?: string;
}

export type CustomType = EnumType | DomainType | CompositeType;

export interface EnumType {
  kind: "enum";
  name: string;
  labels: string[];
  comment?: string;
}

export interface DomainType {
  kind: "domain";
  name: string;
  type: string;
  nullable: boolean;
  default?: string;
  collation?: string;
  checks: Check[];
  comment?: string;
}

export interface CompositeType {
  kind: "composite";
  name: string;
  attributes: { name: string; type: string; collation?: string }[];
  comment?: string;
}

export interface Sequence {
  name: string;
  type: string;
  /** Those that are not the default, in the order of `sequence-options.ts`: `start with 10 cycle`. */
  options: string;
  comment?: string;
}

export interface Table {
  name: string;
  columns: Column[];
  primaryKey?: Key;
  /** MySQL has none: its unique constraints are indexes. */
  uniques: Key[];
  indexes: Index[];
  foreignKeys: ForeignKey[];
  checks: Check[];
  exclusions: Exclusion[];
  /** PostgreSQL: `range (created_at)`; MySQL: what follows PARTITION BY. */
  partitionBy?: string;
  /** A partition without columns of its own has those of its table. */
  partitionOf?: { table: string; bounds: string };
  rowSecurity?: RowSecurity;
  /** Storage parameters, `engine`, `charset`, `strict`, `unlogged` …; words without value are "true". */
  options: Options;
  comment?: string;
}

export type Options = Record<string, string>;

export interface Column {
  name: string;
  /** As the server prints it; in SQLite in lower case. */
  type: string;
  nullable: boolean;
  /** An expression. */
  default?: string;
  identity?: Identity;
  generated?: { expression: string; stored: boolean };
  /** Where it is not that of the type (PostgreSQL), of the table (MySQL), or BINARY (SQLite). */
  collation?: string;
  /** MySQL: ON UPDATE, an expression. */
  onUpdate?: string;
  /** SQLite: what NOT NULL does on conflict, `replace`. */
  onConflict?: string;
  comment?: string;
}

export interface Identity {
  /** `serial`: a default from a sequence of its own; `automatic`: AUTO_INCREMENT, AUTOINCREMENT. */
  kind: "always" | "by default" | "serial" | "automatic";
  /** As of a sequence. */
  options?: string;
  /** The sequence's name, where it is not the usual one. */
  sequence?: string;
}

/** One column, or one expression, of a key or an index. */
export interface Term {
  column?: string;
  expression?: string;
  collation?: string;
  operatorClass?: string;
  descending?: boolean;
  /** Where it is not the default: last, or first when descending. */
  nulls?: "first" | "last";
  /** MySQL: only so many characters. */
  length?: number;
}

/** A primary key or a unique constraint. */
export interface Key {
  /** Absent for a constraint of SQLite without a name, and for MySQL's primary keys. */
  name?: string;
  terms: Term[];
  include?: string[];
  nullsNotDistinct?: boolean;
  deferral?: Deferral;
  /** SQLite: `replace`. */
  onConflict?: string;
  comment?: string;
}

export type Deferral = "deferrable" | "initially deferred";

export interface Index {
  name: string;
  terms: Term[];
  unique?: boolean;
  /** Absent for a B-tree. MySQL also: `fulltext`, `spatial`. */
  method?: string;
  predicate?: string;
  include?: string[];
  nullsNotDistinct?: boolean;
  /** PostgreSQL: CREATE INDEX CONCURRENTLY did not end well. */
  invalid?: boolean;
  options?: Options;
  comment?: string;
}

export interface ForeignKey {
  name?: string;
  columns: string[];
  table: string;
  /** Empty where SQLite's statement names none and the table is not known. */
  referenced: string[];
  /** `cascade`, `set null (a)` …; absent: no action. */
  onDelete?: string;
  onUpdate?: string;
  matchFull?: boolean;
  deferral?: Deferral;
  notValid?: boolean;
  /** MySQL: an index of the same name and columns, such as the server makes, comes with it. */
  ownIndex?: boolean;
  comment?: string;
}

export interface Check {
  name?: string;
  expression: string;
  notValid?: boolean;
  noInherit?: boolean;
  /** MySQL: it is not applied. */
  notEnforced?: boolean;
  /** MariaDB: it is part of this column's definition. */
  column?: string;
  comment?: string;
}

/** PostgreSQL: `EXCLUDE USING gist (…)`. */
export interface Exclusion {
  name: string;
  definition: string;
  comment?: string;
}

export interface RowSecurity {
  enabled: boolean;
  forced: boolean;
  policies: Policy[];
}

export interface Policy {
  name: string;
  restrictive?: boolean;
  command: "all" | "select" | "insert" | "update" | "delete";
  /** Empty: everyone. */
  roles: string[];
  using?: string;
  check?: string;
}

export interface View {
  name: string;
  kind: "view" | "materialized" | "virtual";
  /** The SELECT; of a virtual table of SQLite what follows USING. */
  definition: string;
  /** Where they are named apart from the SELECT. */
  columns: string[];
  options: Options;
  indexes: Index[];
  comment?: string;
}

export interface Routine {
  /** `add(integer, integer)`. */
  signature: string;
  /** The whole CREATE statement. */
  definition: string;
  comment?: string;
}

export interface Trigger {
  name: string;
  table: string;
  /** The whole CREATE statement. */
  definition: string;
  /** PostgreSQL: `disabled`, `replica`, `always`; absent: as usual. */
  enabled?: string;
  comment?: string;
}

/** A schema without anything in it. */
export function emptySchema(dialect: Dialect): Schema {
  return {
    dialect,
    schemas: [],
    extensions: [],
    types: [],
    sequences: [],
    tables: [],
    views: [],
    routines: [],
    triggers: [],
    unmodelled: [],
  };
}

/** A table without anything but its name. */
export function emptyTable(name: string): Table {
  return {
    name,
    columns: [],
    uniques: [],
    indexes: [],
    foreignKeys: [],
    checks: [],
    exclusions: [],
    options: {},
  };
}

type Loose<T> = { [K in keyof T]?: T[K] | null | false | "" };

/** The fields that hold something: null, false, "" and empty lists and maps are left out. */
export function given<T extends object>(fields: Loose<T>): Partial<T> {
  const kept = Object.entries(fields).filter(([, value]) => !isNothing(value));
  return Object.fromEntries(kept) as Partial<T>;
}

function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** The order of names in lists: by their characters, the same everywhere. */
export function byName<T extends { name?: string }>(left: T, right: T): number {
  return compareText(left.name ?? "", right.name ?? "");
}

export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
