import { dropDatabase, withMaintenance } from "./maintenance.ts";
import { besideName } from "../beside-name.ts";
import { type FilledDatabase, type RestorePostgresOptions, fillDatabase } from "./restore.ts";
import { exchangeDatabases } from "./swap.ts";

export interface RestoredPostgres extends FilledDatabase {
  /** How the replaced database is called now; null when there was none. */
  keptAs: string | null;
}

/**
 * Puts a whole database back: fills a new one beside it, checks it, and exchanges the two. Until
 * the exchange the live database is not touched; after it, `undoExchange` takes it back.
 * @param target.database the name that the application uses
 * @param target.id of the restore; a second run with the same id goes on where the first ended
 */
export async function restorePostgres(
  options: RestorePostgresOptions,
  target: { database: string; id: string },
): Promise<RestoredPostgres> {
  const { database, id } = target;
  const filled = await fillDatabase(options, {
    name: besideName(database, "restore", id),
    replaces: database,
    analyze: true,
  });
  const keptAs = await exchangeDatabases({ address: options.address, ...target });
  return { ...filled, name: database, keptAs };
}

/**
 * Proves that a dump can be restored: fills a database of its own, compares the rows, and drops it
 * again, whatever happens.
 * @throws StudioError when the dump cannot be restored, or (exit 4) when rows are missing
 */
export async function drillPostgres(
  options: RestorePostgresOptions,
  target: { database: string; id: string },
): Promise<FilledDatabase> {
  const name = besideName(target.database, "drill", target.id);
  const filled = await fillDatabase(options, { name, replaces: null, analyze: false });
  await withMaintenance(options.address, name, (client) => dropDatabase(client, name));
  return filled;
}
