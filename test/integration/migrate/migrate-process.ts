// Migrates up in a process of its own: node migrate-process.ts URL FOLDER [LOCK_WAIT] [KILL_AT]
// Writes one line for each event, then one with the report or the error. With KILL_AT it dies by
// SIGKILL before or after the statement of that number, counted from 1, twice for each.
import { parseDatabaseUrl } from "../../../src/database/address.ts";
import { StudioError } from "../../../src/errors.ts";
import { migrateUp } from "../../../src/migrate/apply.ts";
import { listMigrations } from "../../../src/migrate/source.ts";

const [url = "", folder = "", lockWait = "20000", killAt = "0"] = process.argv.slice(2);
const write = (value: unknown): unknown => process.stdout.write(`${JSON.stringify(value)}\n`);
let points = 0;

try {
  const report = await migrateUp({
    database: parseDatabaseUrl(url, folder),
    migrations: listMigrations([{ folder, origin: "project" }]),
    who: { user: "ada", host: "studio", version: "1.2.3" },
    lockTimeout: 1000,
    lockWait: Number(lockWait),
    onEvent: write,
    onStatement() {
      points += 1;
      if (points === Number(killAt)) process.kill(process.pid, "SIGKILL");
    },
  });
  write({ report, points });
} catch (error) {
  if (!(error instanceof StudioError)) throw error;
  const { code, message, details, exitCode } = error;
  write({ error: { code, message, details } });
  process.exitCode = exitCode;
}
