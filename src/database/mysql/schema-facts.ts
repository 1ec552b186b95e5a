import { textLiteral } from "./session.ts";
import type { MysqlSession } from "./session.ts";

export interface MysqlTable {
  name: string;
  /** `InnoDB`; null for a sequence. */
  engine: string | null;
  kind: "table" | "sequence";
  /** Its engine has transactions, so that a dump sees one instant of it. */
  transactional: boolean;
}

export interface MysqlSchema {
  serverVersion: string;
  isMariadb: boolean;
  characterSet: string;
  collation: string;
  tables: MysqlTable[];
  views: string[];
  triggers: string[];
  events: string[];
  routines: { kind: "FUNCTION" | "PROCEDURE" | "PACKAGE" | "PACKAGE BODY"; name: string }[];
  /** Of data and indexes on the server's disk, roughly. */
  bytes: number;
}

/** @returns null when there is no such database */
export async function readSchema(
  session: MysqlSession,
  database: string,
): Promise<MysqlSchema | null> {
  const schema = textLiteral(database);
  const [facts] = await session.query(
    `SELECT VERSION(), DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME,
       (SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.TABLES
         WHERE TABLE_SCHEMA = SCHEMA_NAME)
     FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${schema};`,
  );
  if (facts === undefined) return null;
  const tables = await session.query(
    `SELECT TABLE_NAME, TABLE_TYPE, t.ENGINE, COALESCE(e.TRANSACTIONS, 'NO')
     FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
     WHERE TABLE_SCHEMA = ${schema} ORDER BY BINARY TABLE_NAME;`,
  );
  const names = async (sql: string): Promise<string[]> =>
    (await session.query(sql)).map(([name]) => name ?? "");
  const routines = await session.query(
    `SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES
     WHERE ROUTINE_SCHEMA = ${schema};`,
  );
  const version = facts[0] ?? "";
  return {
    serverVersion: version,
    isMariadb: /mariadb/i.test(version),
    characterSet: facts[1] ?? "utf8mb4",
    collation: facts[2] ?? "utf8mb4_general_ci",
    bytes: Number(facts[3]),
    tables: tables.filter(([, type]) => !/VIEW/.test(type ?? "")).map(tableOf),
    views: tables.filter(([, type]) => type === "VIEW").map(([name]) => name ?? ""),
    triggers: await names(
      `SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${schema};`,
    ),
    events: await names(
      `SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${schema};`,
    ),
    routines: routines.map(([kind, name]) => ({
      kind: kind as MysqlSchema["routines"][number]["kind"],
      name: name ?? "",
    })),
  };
}

function tableOf([name, type, engine, transactions]: (string | null)[]): MysqlTable {
  const kind = type === "SEQUENCE" ? "sequence" : "table";
  return {
    name: name ?? "",
    engine: kind === "sequence" ? null : (engine ?? null),
    kind,
    transactional: transactions === "YES",
  };
}
