import type { Knex } from "knex";

/** A table, view, index or sequence that was there before the migrations. */
export interface Relation {
  oid: string;
  schema: string;
  name: string;
  /** As in pg_class: r, p, m, v, f; i, I for indexes; S for a sequence. */
  kind: string;
  /** The file that holds its content: another one when it was written anew; "0" for none. */
  file: string;
  /** Of an index: the oid of its table. */
  table: string | null;
  /** Its name alone means it, by the search path. */
  isVisible: boolean;
}

const query = `
  SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name,
    c.relkind::text AS kind, c.relfilenode::text AS file, i.indrelid::text AS "table",
    pg_catalog.pg_table_is_visible(c.oid) AS "isVisible"
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
  WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'i', 'I', 'S')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`;

/** The relations of a database, without those of the server itself. */
export class Relations {
  readonly #byOid: Map<string, Relation>;

  constructor(relations: readonly Relation[]) {
    this.#byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  }

  get(oid: string): Relation | undefined {
    return this.#byOid.get(oid);
  }

  /** As a statement names it; without a schema, the one that the search path leads to. */
  find(schema: string | null, name: string): Relation | undefined {
    for (const relation of this.#byOid.values()) {
      if (relation.name !== name) continue;
      if (schema === null ? relation.isVisible : relation.schema === schema) return relation;
    }
    return undefined;
  }

  /** The table that an index belongs to, or the relation itself. */
  owner(relation: Relation): Relation {
    return relation.table === null ? relation : (this.get(relation.table) ?? relation);
  }

  all(): IterableIterator<Relation> {
    return this.#byOid.values();
  }
}

export async function readRelations(session: Knex): Promise<Relations> {
  const { rows } = await session.raw<{ rows: Relation[] }>(query);
  return new Relations(rows);
}

/** `users`, or `billing.invoices` where its name alone does not mean it. */
export function displayName({ schema, name, isVisible }: Relation): string {
  return isVisible ? name : `${schema}.${name}`;
}

export function isIndex({ kind }: Relation): boolean {
  return kind === "i" || kind === "I";
}
