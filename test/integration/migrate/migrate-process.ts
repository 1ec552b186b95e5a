// Migrates up in a process of its own: node migrate-process.ts URL FOLDER
// Writes one line for each event, then one with the report or the error.
import { parseDatabaseUrl } from "../../../src/database/address.ts";
import { StudioError } from "../../../src/errors.ts";
import { migrateUp } from "../../../src/migrate/apply.ts";
import { readMigrations } from "../../../src/migrate/source.ts";

const [url = "", folder = "", lockWait = "20000"] = process.argv.slice(2);
const write = (value: unknown): unknown => process.stdout.write(`${JSON.stringify(value)}\n`);

try {
  const database = parseDatabaseUrl(url, folder);
  const report = await migrateUp({
    database,
    migrations: await readMigrations([{ folder, origin: "project" }], database.dialect),
    who: { user: "ada", host: "studio", version: "1.2.3" },
    lockTimeout: 1000,
    lockWait: Number(lockWait),
    onEvent: write,
  });
  write({ report });
} catch (error) {
  if (!(error instanceof StudioError)) throw error;
  const { code, message, details, exitCode } = error;
  write({ error: { code, message, details } });
  process.exitCode = exitCode;
}
