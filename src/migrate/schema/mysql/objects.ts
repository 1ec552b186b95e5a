import type { Knex } from "knex";
import type { Routine, Sequence, Trigger, View } from "../model.ts";
import { isOwnName, quoteName } from "../names.ts";
import { normaliseType } from "../types/normalise.ts";
import { sequenceWords } from "../words/sequence.ts";
import { type Server, literal, query } from "./catalog.ts";

export async function readViews(session: Knex, { database }: Server): Promise<View[]> {
  const rows = await query<{ name: string; definition: string; security: string; checked: string }>(
    session,
    `SELECT TABLE_NAME AS name, VIEW_DEFINITION AS definition, SECURITY_TYPE AS security,
       CHECK_OPTION AS checked
     FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()`,
  );
  const prefix = `\`${database.replaceAll("`", "``")}\`.`;
  return rows
    .filter(({ name }) => !isOwnName(name))
    .map((row) => ({
      name: row.name,
      kind: "view",
      definition: row.definition.replaceAll(prefix, ""),
      columns: [],
      options: {
        ...(row.security === "INVOKER" ? { "sql security": "invoker" } : {}),
        ...(row.checked === "NONE" ? {} : { "check option": row.checked.toLowerCase() }),
      },
      indexes: [],
    }));
}

/** The statement is put together again: the server keeps its parts. */
export async function readTriggers(session: Knex): Promise<Trigger[]> {
  const rows = await query<{
    name: string;
    owner: string;
    timing: string;
    event: string;
    statement: string;
    place: number | string;
  }>(
    session,
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS owner, ACTION_TIMING AS timing,
       EVENT_MANIPULATION AS event, ACTION_STATEMENT AS statement, ACTION_ORDER AS place
     FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
     ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
  );
  return rows
    .filter(({ name, owner }) => !isOwnName(name) && !isOwnName(owner))
    .map((row, index, all): Trigger => {
      const { name, owner, timing, event, statement } = row;
      const previous = Number(row.place) > 1 ? all[index - 1] : undefined;
      const follows = previous === undefined ? "" : ` FOLLOWS ${quote(previous.name)}`;
      return {
        name,
        table: owner,
        definition: `CREATE TRIGGER ${quote(name)} ${timing} ${event} ON ${quote(owner)} FOR EACH ROW${follows} ${statement}`,
      };
    });
}

interface RoutineRow {
  name: string;
  kind: "FUNCTION" | "PROCEDURE";
  result: string | null;
  body: string | null;
  fixed: "YES" | "NO";
  access: string;
  security: string;
  comment: string;
}

/** @returns also what is there and has no words here */
export async function readRoutines(
  session: Knex,
): Promise<{ routines: Routine[]; unmodelled: string[] }> {
  const rows = await query<RoutineRow>(
    session,
    `SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS kind, DTD_IDENTIFIER AS result,
       ROUTINE_DEFINITION AS body, IS_DETERMINISTIC AS fixed, SQL_DATA_ACCESS AS access,
       SECURITY_TYPE AS security, ROUTINE_COMMENT AS comment
     FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()`,
  );
  const parameters = await query<ParameterRow>(
    session,
    `SELECT SPECIFIC_NAME AS routine, ROUTINE_TYPE AS kind, PARAMETER_MODE AS mode,
       PARAMETER_NAME AS name, DTD_IDENTIFIER AS type
     FROM information_schema.PARAMETERS
     WHERE SPECIFIC_SCHEMA = DATABASE() AND ORDINAL_POSITION > 0
     ORDER BY SPECIFIC_NAME, ROUTINE_TYPE, ORDINAL_POSITION`,
  );
  const own = rows.filter(({ name }) => !isOwnName(name));
  // Without the right to see it there is no body.
  const isKnown = ({ kind, body }: RoutineRow) =>
    body !== null && (kind === "FUNCTION" || kind === "PROCEDURE");
  return {
    routines: own.filter(isKnown).map((row) => {
      const isOf = ({ routine, kind }: ParameterRow) => routine === row.name && kind === row.kind;
      return routineOf(row, parameters.filter(isOf).map(parameterSql));
    }),
    unmodelled: own
      .filter((row) => !isKnown(row))
      .map(({ kind, name }) => `${kind.toLowerCase()} ${name}`),
  };
}

interface ParameterRow {
  routine: string;
  kind: string;
  mode: string;
  name: string;
  type: string;
}

function parameterSql({ kind, mode, name, type }: ParameterRow): string {
  const words = `${quote(name)} ${normaliseType(type, "mysql")}`;
  return kind === "PROCEDURE" ? `${mode} ${words}` : words;
}

function routineOf(row: RoutineRow, parameters: readonly string[]): Routine {
  const { kind, name, result, access, comment } = row;
  const words = [
    `CREATE ${kind} ${quote(name)}(${parameters.join(", ")})`,
    kind === "FUNCTION" ? `RETURNS ${normaliseType(result ?? "", "mysql")}` : "",
    row.fixed === "YES" ? "DETERMINISTIC" : "",
    access === "CONTAINS SQL" ? "" : access,
    row.security === "INVOKER" ? "SQL SECURITY INVOKER" : "",
    comment === "" ? "" : `COMMENT ${literal(comment)}`,
    row.body ?? "",
  ];
  const definition = words.filter((word) => word !== "").join(" ");
  // A function and a procedure may have the same name.
  return { signature: `${kind.toLowerCase()} ${name}`, definition };
}

export async function readEvents(session: Knex): Promise<string[]> {
  const rows = await query<{ name: string }>(
    session,
    "SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
  );
  return rows.filter(({ name }) => !isOwnName(name)).map(({ name }) => `event ${name}`);
}

/** MariaDB: each is a table of one row. */
export async function readSequences(session: Knex, names: readonly string[]): Promise<Sequence[]> {
  if (names.length === 0) return [];
  const parts = names.map(
    (name) => `SELECT ${literal(name)} AS name, CAST(start_value AS CHAR) AS start,
      CAST(increment AS CHAR) AS increment, CAST(minimum_value AS CHAR) AS minimum,
      CAST(maximum_value AS CHAR) AS maximum, CAST(cache_size AS CHAR) AS cache,
      cycle_option AS cycle FROM ${quote(name)}`,
  );
  const rows = await query<{
    name: string;
    start: string;
    increment: string;
    minimum: string;
    maximum: string;
    cache: string;
    cycle: number | string;
  }>(session, parts.join(" UNION ALL "));
  return rows.map((row) => ({
    name: row.name,
    type: "bigint",
    options: sequenceWords({ ...row, cycle: Number(row.cycle) === 1 }, "bigint", "mysql"),
  }));
}

function quote(name: string): string {
  return quoteName(name, "mysql");
}
