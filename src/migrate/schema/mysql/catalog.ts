import type { Knex } from "knex";
import { withoutParentheses } from "../expression/parentheses.ts";
import { reservedWords } from "../reserved.ts";

export interface Server {
  database: string;
  isMariadb: boolean;
  collation: string;
}

export async function query<T>(session: Knex, sql: string): Promise<T[]> {
  const [rows] = await session.raw<[T[], unknown]>(sql);
  return rows;
}

export async function readServer(session: Knex): Promise<Server> {
  const [row] = await query<{ version: string; name: string; collation: string }>(
    session,
    `SELECT VERSION() AS version, DATABASE() AS name, DEFAULT_COLLATION_NAME AS collation
     FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()`,
  );
  return {
    database: row?.name ?? "",
    isMariadb: /mariadb/i.test(row?.version ?? ""),
    collation: row?.collation ?? "",
  };
}

const quotedPart = /'(?:[^'\\]|\\[^]|'')*'|`(?:[^`]|``)*`|_[a-z][a-z0-9]*(?=')/g;

/**
 * An expression as the server prints it, without what it adds to every one: quotes around plain
 * names, character sets before texts, and in MySQL backslashes before quotes.
 */
export function plainExpression(printed: string, { isMariadb }: Server): string {
  const text = isMariadb ? printed : printed.replace(/\\(['"\\])/g, "$1");
  const plain = text.replace(quotedPart, (part) => {
    if (part.startsWith("_")) return "";
    const name = part.slice(1, -1);
    const isPlain = part.startsWith("`") && /^[a-z_]\w*$/i.test(name);
    return isPlain && !reservedWords.has(name.toLowerCase()) ? name : part;
  });
  return withoutParentheses(plain, "mysql");
}

/** A text as SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
