import type { Node, RangeVar } from "libpg-query";
import { writeName } from "../names.ts";

/** A table, view, index or sequence as it stands in SQL. */
export function relationName(relation: RangeVar | undefined): string {
  return writeName("postgres", [relation?.schemaname, relation?.relname]);
}

export function identifier(name: string | undefined): string {
  return writeName("postgres", [name]);
}

/** The text of String nodes; other nodes are left out. */
export function texts(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ("String" in node ? [node.String.sval ?? ""] : []));
}

/** The name that a list of String nodes spells. */
export function spelledName(nodes: readonly Node[] | undefined): string {
  return writeName("postgres", texts(nodes));
}

/** The name of an object of DROP, ALTER … RENAME and the like, whichever node holds it. */
export function objectName(node: Node | undefined): string {
  if (node === undefined) return "";
  if ("List" in node) return spelledName(node.List.items);
  if ("String" in node) return identifier(node.String.sval);
  if ("TypeName" in node) return spelledName(node.TypeName.names);
  if ("ObjectWithArgs" in node) return spelledName(node.ObjectWithArgs.objname);
  if ("RangeVar" in node) return relationName(node.RangeVar);
  return "";
}
