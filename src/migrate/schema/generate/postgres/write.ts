import type {
  Check,
  ForeignKey,
  Index,
  Key,
  Options,
  Policy,
  Table,
  Term,
  View,
} from "../../model.ts";
import { quoteName, quoteNames, quoteQualified, splitName } from "../../names.ts";

export const quote = (name: string): string => quoteName(name, "postgres");
export const quotePath = (name: string): string => quoteQualified(name, "postgres");
const quoteList = (names: readonly string[]): string => quoteNames(names, "postgres");

export function literal(text: string): string {
  const quoted = text.replaceAll("'", "''");
  return text.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`;
}

export function words(parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== "").join(" ");
}

/** A collation's name is quoted, whatever it is: `"C"`. */
export function collate(collation: string): string {
  const parts = splitName(collation).map((part) => `"${part.replaceAll('"', '""')}"`);
  return `COLLATE ${parts.join(".")}`;
}

export function primaryKeySql(key: Key): string {
  return words([constraintName(key), "PRIMARY KEY", keySql(key)]);
}

export function uniqueSql(key: Key): string {
  const nulls = key.nullsNotDistinct === true && "NULLS NOT DISTINCT";
  return words([constraintName(key), "UNIQUE", nulls, keySql(key)]);
}

function keySql(key: Key): string {
  return words([
    `(${key.terms.map(termSql).join(", ")})`,
    key.include !== undefined && `INCLUDE (${quoteList(key.include)})`,
    deferralSql(key),
  ]);
}

export function deferralSql({ deferral }: Pick<Key, "deferral">): string {
  if (deferral === undefined) return "";
  return deferral === "deferrable" ? "DEFERRABLE" : "DEFERRABLE INITIALLY DEFERRED";
}

export function foreignKeySql(key: ForeignKey): string {
  const referenced = key.referenced.length === 0 ? "" : ` (${quoteList(key.referenced)})`;
  return words([
    constraintName(key),
    `FOREIGN KEY (${quoteList(key.columns)}) REFERENCES ${quotePath(key.table)}${referenced}`,
    key.matchFull === true && "MATCH FULL",
    key.onUpdate !== undefined && `ON UPDATE ${actionSql(key.onUpdate)}`,
    key.onDelete !== undefined && `ON DELETE ${actionSql(key.onDelete)}`,
    deferralSql(key),
    key.notValid === true && "NOT VALID",
  ]);
}

/** `set null (a, b)`: the columns come with their quotes. */
function actionSql(action: string): string {
  return action.replace(/^[a-z ]+/, (word) => word.toUpperCase());
}

export function checkSql(check: Check): string {
  return words([
    constraintName(check),
    `CHECK (${check.expression})`,
    check.noInherit === true && "NO INHERIT",
    check.notValid === true && "NOT VALID",
  ]);
}

function constraintName({ name }: { name?: string }): string {
  return name === undefined ? "" : `CONSTRAINT ${quote(name)}`;
}

function termSql(term: Term): string {
  const { column, expression = "", collation, operatorClass, descending, nulls } = term;
  return words([
    column === undefined ? `(${expression})` : quote(column),
    collation !== undefined && collate(collation),
    operatorClass,
    descending === true && "DESC",
    nulls !== undefined && `NULLS ${nulls.toUpperCase()}`,
  ]);
}

/** @param owner the table or materialised view */
export function createIndex(index: Index, owner: string, concurrently = false): string {
  return words([
    "CREATE",
    index.unique === true && "UNIQUE",
    "INDEX",
    concurrently && "CONCURRENTLY",
    `${quote(index.name)} ON ${quotePath(owner)}`,
    index.method !== undefined && `USING ${index.method}`,
    `(${index.terms.map(termSql).join(", ")})`,
    index.include !== undefined && `INCLUDE (${quoteList(index.include)})`,
    index.nullsNotDistinct === true && "NULLS NOT DISTINCT",
    index.options !== undefined && `WITH (${optionList(index.options)})`,
    index.predicate !== undefined && `WHERE ${index.predicate}`,
  ]);
}

/** The name of an index with the schema of its table, where it is. */
export function indexPath(name: string, owner: string): string {
  const [schema] = splitName(owner).length > 1 ? splitName(owner) : [];
  return schema === undefined ? quote(name) : `${quote(schema)}.${quote(name)}`;
}

/** Storage parameters; `toast.autovacuum_enabled` has a dot. */
export function optionList(options: Options): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} = ${/^[\w.+-]+$/.test(value) ? value : literal(value)}`)
    .join(", ");
}

export function createView(view: View): string {
  const columns = view.columns.length === 0 ? "" : ` (${quoteList(view.columns)})`;
  const options =
    Object.keys(view.options).length === 0 ? "" : ` WITH (${optionList(view.options)})`;
  const kind = view.kind === "materialized" ? "MATERIALIZED VIEW" : "VIEW";
  return `CREATE ${kind} ${quotePath(view.name)}${columns}${options} AS\n${view.definition}`;
}

export function dropView({ kind, name }: View): string {
  return `DROP ${kind === "materialized" ? "MATERIALIZED VIEW" : "VIEW"} ${quotePath(name)}`;
}

export function createPolicy(policy: Policy, table: string): string {
  const roles = policy.roles.map((role) => (role === "public" ? "PUBLIC" : quote(role)));
  return words([
    `CREATE POLICY ${quote(policy.name)} ON ${quotePath(table)}`,
    policy.restrictive === true && "AS RESTRICTIVE",
    policy.command !== "all" && `FOR ${policy.command.toUpperCase()}`,
    roles.length > 0 && `TO ${roles.join(", ")}`,
    policy.using !== undefined && `USING (${policy.using})`,
    policy.check !== undefined && `WITH CHECK (${policy.check})`,
  ]);
}

/** The constraints that are part of CREATE TABLE: foreign keys come when all tables are there. */
export function tableConstraints(table: Table): string[] {
  return [
    ...(table.primaryKey === undefined ? [] : [primaryKeySql(table.primaryKey)]),
    ...table.uniques.filter((key) => !isRepeated(key, table)).map(uniqueSql),
    ...table.checks.map((check) => checkSql({ ...check, notValid: undefined })),
    ...table.exclusions.map(({ name, definition }) => `CONSTRAINT ${quote(name)} ${definition}`),
  ];
}

/**
 * CREATE TABLE makes one index of several keys with the same columns, and forgets the others; they
 * can only be added later.
 */
export function isRepeated(key: Key, { primaryKey, uniques }: Table): boolean {
  const keys = primaryKey === undefined ? uniques : [primaryKey, ...uniques];
  const columns = ({ terms }: Key) => terms.map(termSql).toSorted().join();
  return keys.slice(0, keys.indexOf(key)).some((one) => columns(one) === columns(key));
}
