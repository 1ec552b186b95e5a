import type { Schema } from "../../model.ts";
import { tableChanges } from "./table-changes.ts";

/** Changes of type that only widen what the server stores, and so leave the rows as they are. */
const inPlace = /^(character varying|text|numeric|time|timestamp|bit varying|interval)\b/;

/** What blocks readers and writers of a table for as long as it takes to go through its rows. */
export function rewriteNotes(before: Schema, after: Schema): string[] {
  return tableChanges(before, after, []).flatMap(
    ({ columns, remade, before: table, after: now }) => {
      const rewritten = columns.both.filter(([one, other]) => {
        if (remade.includes(one.name)) return other.generated?.stored === true;
        if (one.type === other.type) return false;
        return !(inPlace.test(one.type) && inPlace.test(other.type));
      });
      const computed = columns.added.filter(
        ({ generated, identity, default: expression }) =>
          generated?.stored === true || identity !== undefined || isVolatile(expression),
      );
      const names = [...rewritten.map(([one]) => one), ...computed].map(({ name }) => name);
      if (table.options["unlogged"] !== now.options["unlogged"]) names.push("unlogged");
      if (names.length === 0) return [];
      return [
        `${table.name} is rewritten on account of ${names.join(", ")}: readers and writers wait meanwhile.`,
      ];
    },
  );
}

/** A default that differs from row to row is written into each. */
function isVolatile(expression: string | undefined): boolean {
  return /\b(random|gen_random_uuid|uuid_generate_v\d\w*|clock_timestamp|timeofday|nextval)\s*\(/i.test(
    expression ?? "",
  );
}
