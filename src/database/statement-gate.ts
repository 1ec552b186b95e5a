import type { Knex } from "knex";

/** A statement on its way from the query builder to the database. */
export interface GatedStatement {
  sql: string;
  bindings: readonly unknown[];
}

/** What a gate may do with a statement. */
export interface Passage {
  /** Lets the statement through; once at most. Rejects as the database does. */
  run(): Promise<void>;
  /**
   * Runs another statement on the same connection, and so in the same transaction, past the gate.
   * @returns its rows, as objects
   */
  query(sql: string, bindings?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

/**
 * Stands between the query builder and the driver: is asked about every statement, BEGIN and COMMIT
 * among them. One that it does not run has no effect, and gives the builder no rows.
 */
export type StatementGate = (statement: GatedStatement, passage: Passage) => Promise<void>;

/** What knex's clients hand from `_query` to `processResponse`. */
interface QueryObject {
  sql: string;
  bindings?: readonly unknown[];
  options?: Record<string, unknown>;
  method?: string;
  response?: unknown;
  context?: unknown;
}

interface DialectClient {
  _query(connection: unknown, query: QueryObject): Promise<QueryObject>;
  config: { client: string };
}
type ClientClass = new (config: Knex.Config) => DialectClient;

/** In the place of a driver's own methods: a connection to nowhere. */
const unconnected = {
  acquireRawConnection: async () => ({}),
  destroyRawConnection: async () => {},
  validateConnection: () => true,
};

/** The answer of a driver to a statement that returned nothing. */
const emptyResponses: Record<string, () => unknown> = {
  pg: () => ({ rows: [], rowCount: 0, fields: [], command: "" }),
  mysql2: () => [[], undefined],
  "better-sqlite3": () => [],
};

/**
 * A class of knex clients whose statements all pass the gate.
 * @param sample a knex without a connection: there is no other way to a driver's class of clients
 * @param client a driver as knex names it: "pg", "mysql2", "better-sqlite3"
 * @param options.isConnected false: there is no database, and the gate lets nothing through
 */
export function gatedClient(
  sample: Knex,
  client: string,
  { gate, isConnected }: { gate: StatementGate; isConnected: boolean },
): typeof Knex.Client {
  const base = sample.client.constructor as ClientClass;
  // oxlint-disable-next-line no-underscore-dangle
  const run = base.prototype._query as DialectClient["_query"];
  class GatedClient extends base {
    // The name that knex gives to what a dialect has to bring.
    // oxlint-disable-next-line no-underscore-dangle
    override async _query(connection: unknown, query: QueryObject): Promise<QueryObject> {
      let answer: QueryObject | null = null;
      const passage: Passage = {
        run: async () => {
          answer = await run.call(this, connection, query);
        },
        query: async (sql, bindings = []) => {
          const asked = await run.call(this, connection, { sql, bindings, options: {} });
          return rowsOf(client, asked.response);
        },
      };
      await gate({ sql: query.sql, bindings: query.bindings ?? [] }, passage);
      if (answer !== null) return answer;
      query.response = emptyResponses[client]?.();
      return query;
    }
  }
  if (!isConnected) Object.assign(GatedClient.prototype, unconnected);
  return GatedClient as unknown as typeof Knex.Client;
}

function rowsOf(client: string, response: unknown): Record<string, unknown>[] {
  if (client === "pg") return (response as { rows: Record<string, unknown>[] }).rows ?? [];
  if (client === "mysql2") {
    const [rows] = response as [unknown];
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
  }
  return Array.isArray(response) ? (response as Record<string, unknown>[]) : [];
}
