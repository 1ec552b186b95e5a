import type { Dialect } from "../../database/address.ts";
import type { SchemaAction, TableConstraint } from "./actions.ts";
import { type ColumnDefinition, plainColumn } from "./column.ts";
import { nameKey } from "./names.ts";

export interface KnownColumn {
  /** It was made by this set of migrations. */
  isNew: boolean;
  /** Null where only its name is known. */
  definition: ColumnDefinition | null;
}

export interface KnownTable {
  isNew: boolean;
  /** Every column is known, since its CREATE TABLE was read. */
  isComplete: boolean;
  columns: Map<string, KnownColumn>;
  constraints: Map<string, TableConstraint>;
  /** The tables that rows were copied from. */
  filledFrom: Set<string>;
}

interface KnownIndex {
  table: string;
  isNew: boolean;
  unique: boolean;
}

/**
 * What the migrations so far say of the schema. What they do not mention was there before; the
 * release that is running may use it.
 */
export class KnownSchema {
  readonly #dialect: Dialect;
  readonly #tables = new Map<string, KnownTable>();
  /** As they were when they were dropped or renamed. */
  readonly #former = new Map<string, KnownTable>();
  readonly #indexes = new Map<string, KnownIndex>();
  readonly #newObjects = new Set<string>();
  #isNew = false;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** From here on, what is made is new. */
  beginSet(): void {
    this.#isNew = true;
  }

  key(name: string): string {
    return nameKey(this.#dialect, name);
  }

  table(name: string): KnownTable | null {
    return this.#tables.get(this.key(name)) ?? null;
  }

  /** As it was before it was dropped. */
  formerTable(name: string): KnownTable | null {
    return this.#former.get(this.key(name)) ?? null;
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
    return this.#newObjects.has(`${kind} ${this.key(name)}`);
  }

  index(name: string): KnownIndex | null {
    return this.#indexes.get(this.key(name)) ?? null;
  }

  constraint(table: string, name: string): TableConstraint | null {
    return this.table(table)?.constraints.get(this.key(name)) ?? null;
  }

  /** Is there a CHECK, looked at for every row or not, that the column be not null? */
  demandsValue(table: string, column: string, validated: boolean): boolean {
    const constraints = [...(this.table(table)?.constraints.values() ?? [])];
    const key = this.key(column);
    return constraints.some(
      (constraint) =>
        (constraint.validated || !validated) &&
        (constraint.check?.notNull.some((name) => this.key(name) === key) === true ||
          (constraint.kind === "notNull" &&
            constraint.columns.some((name) => this.key(name) === key))),
    );
  }

  apply(action: SchemaAction): void {
    switch (action.kind) {
      case "createTable":
        this.#createTable(action);
        break;
      case "dropTable":
        this.#forgetTable(action.table);
        break;
      case "renameTable":
        this.#renameTable(action.table, action.to);
        break;
      case "create":
        if (this.#isNew) this.#newObjects.add(`${action.object} ${this.key(action.name)}`);
        break;
      case "copyRows":
        for (const source of action.from) this.#open(action.table).filledFrom.add(this.key(source));
        break;
      case "addIndex":
        if (action.index !== null) this.#addIndex(action.table, action.index, action.unique);
        break;
      case "dropIndex":
        this.#indexes.delete(this.key(action.index));
        break;
      default:
        this.#applyToColumns(action);
        this.#applyToConstraints(action);
    }
  }

  #createTable(action: Extract<SchemaAction, { kind: "createTable" }>): void {
    const { table, columns, constraints, indexes } = action;
    if (action.ifNotExists && this.table(table) !== null) return;
    const key = this.key(table);
    const isNew = this.#isNew;
    const created: KnownTable = {
      isNew,
      isComplete: columns.length > 0,
      columns: new Map(
        columns.map((definition) => [this.key(definition.name), { isNew, definition }]),
      ),
      constraints: new Map(),
      filledFrom: new Set(),
    };
    this.#tables.set(key, created);
    for (const constraint of constraints) this.#addConstraint(table, constraint);
    for (const index of indexes) this.#addIndex(table, index.name, index.unique);
    this.#takeOver(key, created);
  }

  /** A table in the place of one that was dropped is no new one to a release. */
  #takeOver(key: string, successor: KnownTable): void {
    const former = this.#former.get(key);
    if (former === undefined || former.isNew) return;
    successor.isNew = false;
    for (const [name, column] of successor.columns) {
      column.isNew = former.isComplete && !former.columns.has(name);
    }
  }

  #forgetTable(table: string): void {
    const key = this.key(table);
    this.#former.set(key, this.#open(table));
    this.#tables.delete(key);
  }

  #renameTable(from: string, to: string): void {
    const table = this.#open(from);
    const key = this.key(to);
    this.#forgetTable(from);
    this.#tables.set(key, { ...table });
    const renamed = this.#tables.get(key);
    if (renamed !== undefined && table.isNew) this.#takeOver(key, renamed);
  }

  /** The table, noted as one that was there before if nothing is known of it. */
  #open(table: string): KnownTable {
    const known = this.table(table);
    if (known !== null) return known;
    const opened: KnownTable = {
      isNew: false,
      isComplete: false,
      columns: new Map(),
      constraints: new Map(),
      filledFrom: new Set(),
    };
    this.#tables.set(this.key(table), opened);
    return opened;
  }

  #addIndex(table: string, index: string, unique: boolean): void {
    const isNew = this.#isNew || this.isNewTable(table);
    this.#indexes.set(this.key(index), { table, isNew, unique });
  }

  #applyToColumns(action: SchemaAction): void {
    switch (action.kind) {
      case "addColumn": {
        const { name } = action.column;
        const known: KnownColumn = { isNew: this.#isNew, definition: { ...action.column } };
        this.#open(action.table).columns.set(this.key(name), known);
        break;
      }
      case "dropColumn":
        this.#open(action.table).columns.delete(this.key(action.column));
        break;
      case "renameColumn":
        this.#redefine(action.table, action.column, action.to, null);
        break;
      case "redefineColumn": {
        const { table, column, definition } = action;
        this.#redefine(table, column, definition.name, definition);
        break;
      }
      case "changeType":
        this.#edit(action.table, action.column, { type: action.type });
        break;
      case "setNotNull":
        this.#edit(action.table, action.column, { notNull: true });
        break;
      case "dropNotNull":
        this.#edit(action.table, action.column, { notNull: false });
        break;
      case "setDefault":
        this.#edit(action.table, action.column, { default: "constant" });
        break;
      case "dropDefault":
        this.#edit(action.table, action.column, { default: "none", identity: null });
        break;
      case "setIdentity":
        this.#edit(action.table, action.column, { identity: action.identity });
        break;
      default:
    }
  }

  #redefine(table: string, from: string, to: string, definition: ColumnDefinition | null): void {
    const { columns } = this.#open(table);
    const known = columns.get(this.key(from));
    columns.delete(this.key(from));
    columns.set(this.key(to), {
      isNew: known?.isNew ?? false,
      definition: definition ?? known?.definition ?? null,
    });
  }

  /** Only of a column whose whole definition is known: the rest of it is needed too. */
  #edit(table: string, column: string, change: Partial<ColumnDefinition>): void {
    const known = this.column(table, column);
    if (known?.definition != null) known.definition = { ...known.definition, ...change };
    else if (known !== null && change.type !== undefined) {
      known.definition = { ...plainColumn(column, null), ...change };
    }
  }

  #applyToConstraints(action: SchemaAction): void {
    switch (action.kind) {
      case "addConstraint":
        this.#addConstraint(action.table, action.constraint);
        break;
      case "validateConstraint": {
        const known = this.constraint(action.table, action.constraint);
        if (known !== null) known.validated = true;
        break;
      }
      case "dropConstraint":
        this.table(action.table)?.constraints.delete(this.key(action.constraint));
        this.#indexes.delete(this.key(action.constraint));
        break;
      default:
    }
  }

  #addConstraint(table: string, constraint: TableConstraint): void {
    const { name, kind } = constraint;
    if (name === null) return;
    this.#open(table).constraints.set(this.key(name), { ...constraint });
    if (kind === "unique" || kind === "primaryKey") this.#addIndex(table, name, true);
  }
}
