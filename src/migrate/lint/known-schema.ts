import type { Dialect } from "../../database/address.ts";
import { lookUp } from "./action-table.ts";
import type { SchemaAction, TableConstraint } from "./actions.ts";
import { schemaEffects } from "./schema-effects.ts";
import {
  type KnownColumn,
  type KnownIndex,
  type KnownTable,
  type SchemaState,
  emptyState,
  keyOf,
} from "./schema-state.ts";

/**
 * What the migrations so far say of the schema. What they do not mention was there before; the
 * release that is running may use it.
 */
export class KnownSchema {
  readonly #state: SchemaState;

  constructor(dialect: Dialect) {
    this.#state = emptyState(dialect);
  }

  /** From here on, what is made is new. */
  beginSet(): void {
    this.#state.isNew = true;
  }

  apply(action: SchemaAction): void {
    lookUp(schemaEffects, action, this.#state);
  }

  /** Two names that have the same key mean the same thing. */
  key(name: string): string {
    return keyOf(this.#state, name);
  }

  table(name: string): KnownTable | null {
    return this.#state.tables.get(this.key(name)) ?? null;
  }

  isNewTable(name: string): boolean {
    return this.table(name)?.isNew === true;
  }

  column(table: string, column: string): KnownColumn | null {
    return this.table(table)?.columns.get(this.key(column)) ?? null;
  }

  isNewColumn(table: string, column: string): boolean {
    return this.isNewTable(table) || this.column(table, column)?.isNew === true;
  }

  /** A view, function, type or the like. */
  isNewObject(kind: string, name: string): boolean {
    return this.#state.newObjects.has(`${kind} ${this.key(name)}`);
  }

  index(name: string): KnownIndex | null {
    return this.#state.indexes.get(this.key(name)) ?? null;
  }

  constraint(table: string, name: string): TableConstraint | null {
    return this.table(table)?.constraints.get(this.key(name)) ?? null;
  }

  /**
   * Does a constraint ask that the column be not null?
   * @param validated only if it was found to hold for every row
   */
  demandsValue(table: string, column: string, validated: boolean): boolean {
    const isColumn = (name: string): boolean => this.key(name) === this.key(column);
    return [...(this.table(table)?.constraints.values() ?? [])].some((constraint) => {
      if (validated && !constraint.validated) return false;
      if (constraint.kind === "notNull") return constraint.columns.some(isColumn);
      return constraint.check?.notNull.some(isColumn) === true;
    });
  }
}
