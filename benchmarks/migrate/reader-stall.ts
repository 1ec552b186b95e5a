import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseDatabaseUrl } from "../../src/database/address.ts";
import { migrateUp } from "../../src/migrate/apply.ts";
import { listMigrations } from "../../src/migrate/source.ts";
import { query } from "../../test/support/postgres.ts";

/**
 * The longest time, in milliseconds, that a reader of a table waited while a migration wanted to
 * alter it and a transaction that had read it stayed open.
 * @param url of an empty PostgreSQL database
 * @param lockTimeout of the migration, in milliseconds
 */
export async function measureReaderStall(url: string, lockTimeout: number): Promise<number> {
  const { default: pg } = await import("pg");
  const folder = mkdtempSync(join(tmpdir(), "studio-stall-"));
  const holder = new pg.Client(url);
  const reader = new pg.Client(url);
  try {
    await query(url, "CREATE TABLE held (id integer)");
    await Promise.all([holder.connect(), reader.connect()]);
    await holder.query("BEGIN");
    await holder.query("SELECT * FROM held");
    const sql = "ALTER TABLE held ADD COLUMN price integer;\n";
    writeFileSync(join(folder, "20260101T000000Z-price.sql"), sql);
    const ended = migrateUp({
      database: parseDatabaseUrl(url, folder),
      migrations: listMigrations([{ folder, origin: "project" }]),
      who: { user: "bench", host: "bench", version: "0" },
      lockTimeout,
    }).then(() => true);
    let longest = 0;
    // The holder lets go once the migration has had to give way a few times.
    const until = performance.now() + lockTimeout * 4;
    let isOver = false;
    void ended.finally(() => (isOver = true)).catch(() => {});
    while (!isOver) {
      const since = performance.now();
      await reader.query("SELECT * FROM held");
      longest = Math.max(longest, performance.now() - since);
      if (since > until) await holder.query("COMMIT").catch(() => {});
      await sleep(2);
    }
    await ended;
    return longest;
  } finally {
    await Promise.all([holder.end(), reader.end()]);
    rmSync(folder, { recursive: true, force: true });
  }
}
