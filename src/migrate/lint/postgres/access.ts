import type { CreatePolicyStmt, GrantRoleStmt, GrantStmt } from "libpg-query";
import type { SchemaAction } from "../actions.ts";
import { identifier, relationName } from "./name.ts";

export function readGrant(statement: GrantStmt): SchemaAction[] {
  if (statement.is_grant === true) return [];
  const privileges = (statement.privileges ?? []).flatMap((node) =>
    "AccessPriv" in node ? [(node.AccessPriv.priv_name ?? "").toUpperCase()] : [],
  );
  const what = `REVOKE ${privileges.length === 0 ? "ALL" : privileges.join(", ")}`;
  const tables = (statement.objects ?? []).flatMap((node) =>
    "RangeVar" in node ? [relationName(node.RangeVar)] : [],
  );
  if (tables.length === 0) return [{ kind: "restrictAccess", table: null, what }];
  return tables.map((table) => ({ kind: "restrictAccess", table, what }));
}

export function readGrantRole(statement: GrantRoleStmt): SchemaAction[] {
  if (statement.is_grant === true) return [];
  return [{ kind: "restrictAccess", table: null, what: "REVOKE of a role" }];
}

export function readCreatePolicy(statement: CreatePolicyStmt): SchemaAction[] {
  const table = relationName(statement.table);
  const name = identifier(statement.policy_name);
  const create: SchemaAction = { kind: "create", object: "policy", name, table, replace: false };
  const touch: SchemaAction = { kind: "touchTable", table, clause: "CREATE POLICY" };
  if (statement.permissive === true) return [create, touch];
  return [create, touch, { kind: "restrictAccess", table, what: `the restrictive policy ${name}` }];
}
