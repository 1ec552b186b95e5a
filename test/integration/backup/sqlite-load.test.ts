import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { restoreDatabase } from "../../../src/backup/restore/database.ts";
import { sqliteSource } from "../../../src/backup/sources/sqlite.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { rounds } from "../../support/every.ts";
import { open, snapshot, temporaryFolder, verify } from "./fixtures.ts";

const accounts = 500;

/**
 * Moves money without a pause: each transaction takes from one account, gives to another, and adds
 * a line to the history; every hundredth removes old lines.
 */
const bank = `
const Database = require("better-sqlite3");
const database = new Database(process.argv[1], { timeout: 60_000 });
database.pragma("synchronous = OFF");
const move = database.transaction((turn) => {
  const [from, to] = [1 + (turn * 7) % ${accounts}, 1 + (turn * 13 + 5) % ${accounts}];
  database.prepare("UPDATE account SET balance = balance - 5 WHERE id = ?").run(from);
  database.prepare("UPDATE account SET balance = balance + 5 WHERE id = ?").run(to);
  database.prepare("INSERT INTO history VALUES (?, ?, 5), (?, ?, -5)").run(turn, to, turn, from);
  if (turn % 100 === 0) database.prepare("DELETE FROM history WHERE turn < ?").run(turn - 5000);
});
for (let turn = 0; ; turn += 1) {
  move.immediate(turn);
  if (turn === 200) process.stdout.write("busy\\n");
}`;

async function startBank(file: string): Promise<ChildProcess> {
  const root = join(import.meta.dirname, "..", "..", "..");
  const child = spawn(process.execPath, ["-e", bank, file], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

test.each(["wal", "delete"])(
  "beside a process that commits without a pause (%s) snapshots end soon, and their sums balance",
  async (mode) => {
    const folder = temporaryFolder();
    const file = join(folder, "bank.db");
    const database = new Database(file);
    database.pragma(`journal_mode = ${mode}`);
    database.exec(`
      CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, note TEXT);
      CREATE TABLE history (turn INTEGER, account INTEGER, amount INTEGER);
      WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${accounts})
      INSERT INTO account SELECT i, 1000, hex(randomblob(2000)) FROM n`);
    database.close();
    const store = localStore(join(folder, "repository"));
    const workDirectory = join(folder, "work");
    const sources = [sqliteSource({ file, label: "bank" })];
    const child = await startBank(file);
    try {
      for (let round = 1; round <= rounds(2, 25); round += 1) {
        const started = performance.now();
        const { snapshot: made } = await snapshot({ store, sources, workDirectory });
        expect(performance.now() - started).toBeLessThan(30_000);
        expect(child.exitCode).toBeNull();
        expect((await verify({ store, id: made.id })).problems).toEqual([]);
        const opened = await open(store, made.id);
        const [facts] = (await opened.manifest()).databases;
        const copy = join(folder, `copy-${round}.db`);
        const { tables } = await restoreDatabase({
          snapshot: opened,
          file: copy,
          keepReplacedIn: join(folder, "kept"),
        });
        const restored = new Database(copy, { readonly: true });
        const sums = restored
          .prepare(
            `SELECT (SELECT sum(balance) FROM account) money, (SELECT count(*) FROM account) account,
                    (SELECT count(*) FROM history) history, (SELECT sum(amount) FROM history) moved`,
          )
          .get();
        restored.close();
        expect(sums).toEqual({ money: 1000 * accounts, moved: 0, ...facts?.tables });
        expect(tables).toEqual(facts?.tables);
      }
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit").catch(() => undefined);
    }
  },
  600_000,
);
