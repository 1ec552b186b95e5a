import type { SortedColumn } from "sqlite3-parser";
import { withoutParentheses } from "../expression/parentheses.ts";
import { type Term, given } from "../model.ts";
import { textOf } from "./statement.ts";

/** The columns and expressions of an index or a key. */
export function readTerms(sql: string, columns: readonly SortedColumn[]): Term[] {
  return columns.map((one) => {
    const collated = one.expr.type === "CollateExpr";
    const inner = one.expr.type === "CollateExpr" ? one.expr.expr : one.expr;
    const column = nameOf(inner);
    return given<Term>({
      column,
      expression: column === null ? withoutParentheses(textOf(sql, inner), "sqlite") : null,
      collation:
        collated && one.expr.type === "CollateExpr" ? one.expr.collation.toLowerCase() : null,
      descending: one.order === "Desc",
    });
  });
}

/** SQLite takes a text in quotes for the name of a column where it can be one. */
function nameOf(expression: SortedColumn["expr"]): string | null {
  if (expression.type === "Id") return expression.name;
  return expression.type === "StringLiteral" ? expression.value : null;
}
