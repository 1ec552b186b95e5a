import type { Verdict } from "../statement-meter.ts";
import { type Node, type ParsedStatement, isPlainData, parseStatements } from "./parse.ts";

/** Effects that a rollback does not take back, told from the text: they may be inside a DO block. */
const lasting = /\b(setval|dblink(?:_exec)?)\s*\(/i;

/**
 * What must not be sent inside the transaction that is rolled back: what would end it, and what it
 * would not take back.
 */
export async function judgeInTransaction(sql: string): Promise<Verdict> {
  const [, call] = lasting.exec(sql) ?? [];
  if (call !== undefined) {
    return { refuse: `it calls ${call.toLowerCase()}, which a rollback does not take back` };
  }
  if (isPlainData(sql)) return null;
  const statements = await parseStatements(sql);
  const ends =
    statements === null
      ? /\b(commit|rollback|abort|end|prepare)\b/i.test(sql)
      : statements.some(endsTransaction);
  return ends ? { refuse: "it ends its transaction by itself" } : null;
}

const endings = ["TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK", "TRANS_STMT_PREPARE"];

function endsTransaction({ kind, node }: ParsedStatement): boolean {
  return kind === "TransactionStmt" && endings.includes(node.kind ?? "");
}

/**
 * What must not be sent to a copy of the database, because it would reach beyond it: roles,
 * databases and tablespaces are the whole server's.
 */
export async function judgeOnClone(sql: string): Promise<Verdict> {
  if (isPlainData(sql)) return null;
  const statements = await parseStatements(sql);
  const isServerWide =
    statements === null ? serverWideText.test(sql) : statements.some(changesServer);
  return isServerWide ? { skip: "it would change the whole server, not only the copy" } : null;
}

const serverWideText =
  /\b(create|alter|drop)\s+(role|user|group|database|tablespace|subscription)\b|\balter\s+system\b/i;

const serverWideKinds = new Set([
  "CreateRoleStmt",
  "AlterRoleStmt",
  "AlterRoleSetStmt",
  "DropRoleStmt",
  "GrantRoleStmt",
  "CreatedbStmt",
  "DropdbStmt",
  "AlterDatabaseStmt",
  "AlterDatabaseSetStmt",
  "AlterDatabaseRefreshCollStmt",
  "CreateTableSpaceStmt",
  "DropTableSpaceStmt",
  "AlterTableSpaceOptionsStmt",
  "AlterSystemStmt",
  // Connects to another server and reserves a slot there.
  "CreateSubscriptionStmt",
  "AlterSubscriptionStmt",
  "DropSubscriptionStmt",
  // Touch shared objects as well: databases and tablespaces.
  "ReassignOwnedStmt",
  "DropOwnedStmt",
]);

const serverWideObjects = new Set([
  "OBJECT_DATABASE",
  "OBJECT_ROLE",
  "OBJECT_TABLESPACE",
  "OBJECT_PARAMETER_ACL",
  "OBJECT_SUBSCRIPTION",
]);

function changesServer({ kind, node }: ParsedStatement): boolean {
  if (serverWideKinds.has(kind)) return true;
  if (kind === "DoStmt") return serverWideText.test(bodyOf(node));
  const objects = [node.objtype, node.objectType, node.renameType, node.removeType];
  return objects.some((object) => object !== undefined && serverWideObjects.has(object));
}

function bodyOf(node: Node): string {
  const body = node.args?.find(({ DefElem }) => DefElem?.defname === "as")?.DefElem?.arg;
  return body?.["String"]?.sval ?? "";
}
