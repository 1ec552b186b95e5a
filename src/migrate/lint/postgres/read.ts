import type { Node } from "libpg-query";
import type { SchemaAction } from "../actions.ts";
import { type ReadStatement, type StatementReader, asRead } from "../reader.ts";
import { constantsIn } from "./expression.ts";
import { statementReaders } from "./statements.ts";

/** PostgreSQL's own parser, compiled to WebAssembly. */
export async function openPostgresReader(): Promise<StatementReader> {
  const { loadModule, parseSync } = await import("libpg-query");
  await loadModule();
  return (sql) => {
    // The parser would stop there and not see what follows.
    if (sql.includes("\0")) return unreadable("it holds a NUL character");
    try {
      return readParsed(sql.trim() === "" ? [] : (parseSync(sql).stmts ?? []).map(nodeOf));
    } catch (error) {
      return unreadable(error instanceof Error ? error.message : String(error));
    }
  };
}

function nodeOf(statement: { stmt?: Node }): Node {
  return statement.stmt ?? { A_Star: {} };
}

function readParsed(nodes: Node[]): ReadStatement {
  return { actions: nodes.flatMap(readNode), online: false, constants: constantsIn(nodes) };
}

function readNode(node: Node): SchemaAction[] {
  const [name = "", content] = Object.entries(node)[0] ?? [];
  const read = statementReaders[name as keyof typeof statementReaders];
  if (read === undefined) return [{ kind: "hidden", what: `the command ${commandOf(name)}` }];
  return (read as (content: unknown) => SchemaAction[])(content);
}

/** `CreateEventTrigStmt` as `CREATE EVENT TRIG`. */
function commandOf(node: string): string {
  return node
    .replace(/Stmt$/, "")
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase();
}

function unreadable(reason: string): ReadStatement {
  return asRead([{ kind: "unreadable", reason }]);
}
