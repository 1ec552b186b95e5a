import type { Connection } from "mysql2/promise";
import type { Passage } from "../../../database/statement-gate.ts";
import { firstWord, kindOfStatement } from "../../statement-kind.ts";
import type { StatementWatch, WatchedStatement } from "../statement-meter.ts";
import { judgeOnMysqlClone } from "./judge.ts";
import type { Probe } from "./probe.ts";
import { type TableIds, readTableIds } from "./table-ids.ts";
import { readMysqlSizes } from "./table-sizes.ts";

export interface MysqlWatchOptions {
  /** A connection of its own to the copy. */
  observer: Connection;
  probe: Probe;
  /** The names of the two databases. */
  live: string;
  copy: string;
}

/** Tables that are tried at once, with two connections each. */
const most = 8;

/** A change of a definition that is over sooner is not tried: it locks its tables meanwhile. */
const soon = 50;

/** Finds out whom changes of definitions keep waiting, and which tables are built anew. */
export class MysqlWatch implements StatementWatch {
  readonly #options: MysqlWatchOptions;
  /** What was there before the migrations. */
  readonly #existing: ReadonlySet<string>;
  #ids: TableIds | null;

  private constructor(options: MysqlWatchOptions, tables: string[], ids: TableIds | null) {
    this.#options = options;
    this.#existing = new Set(tables);
    this.#ids = ids;
  }

  static async create(options: MysqlWatchOptions): Promise<MysqlWatch> {
    const { observer, copy } = options;
    const tables = await readMysqlSizes(observer, copy);
    return new MysqlWatch(options, [...tables.keys()], await readTableIds(observer, copy));
  }

  /** Whether it can be seen that a table is built anew. */
  get seesRebuilds(): boolean {
    return this.#ids !== null;
  }

  async judge(sql: string) {
    return judgeOnMysqlClone(sql, this.#options.live);
  }

  async observe(
    { sql, statement, trace, from }: WatchedStatement,
    _passage: Passage,
    send: () => Promise<void>,
  ): Promise<void> {
    if (kindOfStatement(sql) !== "definition") return send();
    const tables = mentioned(sql, this.#existing);
    const { clock, spans } = trace;
    const waits = await this.#options.probe.during(tables.slice(0, most), clock, send);
    if (statement.milliseconds < soon) {
      const until = from + statement.milliseconds;
      const both = { lock: null, strength: 0, blocksReaders: true, blocksWriters: true };
      spans.push(...tables.map((table) => ({ table, ...both, from, until })));
    } else spans.push(...waits);
    const now = await clock.without(() => this.#changedIds());
    const changed = tables.filter((table) => now.has(table));
    (firstWord(sql) === "truncate" ? statement.truncated : statement.rewritten).push(...changed);
  }

  async #changedIds(): Promise<Set<string>> {
    const { observer, copy } = this.#options;
    const [before, after] = [this.#ids, await readTableIds(observer, copy)];
    this.#ids = after;
    if (before === null || after === null) return new Set();
    const isOther = ([table, id]: [string, string]) =>
      before.has(table) && before.get(table) !== id;
    return new Set([...after].filter(isOther).map(([table]) => table));
  }
}

/** Tables whose names a statement holds as words. */
function mentioned(sql: string, tables: ReadonlySet<string>): string[] {
  const words = new Set(sql.match(/[\p{L}\p{N}_$]+/gu) ?? []);
  const quoted = [...sql.matchAll(/`((?:[^`]|``)+)`/g)].map(([, name = ""]) =>
    name.replaceAll("``", "`"),
  );
  const names = new Set([...words, ...quoted]);
  return [...tables].filter((table) => names.has(table)).sort();
}
