import { hash } from "node:crypto";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { type MysqlDump, dumpMysql } from "../../../src/database/mysql/dump.ts";
import {
  dropFilledMysql,
  dropKeptMysql,
  exchangeMysql,
  undoMysqlExchange,
} from "../../../src/database/mysql/exchange.ts";
import { drillMysql, fillMysql } from "../../../src/database/mysql/restore.ts";
import { createIdentifier } from "../../../src/identifier.ts";
import { startMysql } from "../../support/mysql.ts";

const server = await startMysql();
afterAll(() => server?.stop());

/** One of each thing that a dump can go wrong with. */
const schema = `
  CREATE TABLE accounts (id int PRIMARY KEY AUTO_INCREMENT, owner varchar(50) NOT NULL UNIQUE,
    amount bigint NOT NULL) ENGINE=InnoDB;
  INSERT INTO accounts (owner, amount) SELECT CONCAT('owner ', seq), 1000 FROM seq_1_to_40;
  CREATE TABLE transfers (id bigint PRIMARY KEY AUTO_INCREMENT, source int NOT NULL,
    target int NOT NULL, amount bigint NOT NULL, doubled bigint AS (amount * 2) STORED,
    FOREIGN KEY (source) REFERENCES accounts (id) ON DELETE CASCADE,
    FOREIGN KEY (target) REFERENCES accounts (id) ON DELETE CASCADE) ENGINE=InnoDB;
  CREATE TABLE \`odd \`\`x (y) VALUES\` (a varchar(80), b blob, at timestamp NULL, j json);
  INSERT INTO \`odd \`\`x (y) VALUES\` VALUES
    ('it''s), (x', x'00ff270a', '2026-03-29 01:30:00', '{"a": "\\\\n"}'),
    ('\\n-- Dumping data for table \`z\`\\n', '', NULL, NULL), ('äöü 漢字 🎉 \\\\', NULL, NULL, '[]');
  CREATE TABLE Empty (a int);
  CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN n * 2;
  CREATE VIEW rich AS SELECT id, twice(amount) AS n FROM accounts WHERE amount > 1000;
  CREATE TABLE audit (what varchar(20));
  CREATE SEQUENCE numbers START WITH 5;
  CREATE EVENT cleaning ON SCHEDULE EVERY 1 DAY DO DELETE FROM audit WHERE what = 'old';
  DELIMITER ;;
  CREATE PROCEDURE close_account(n int) BEGIN -- a comment
    DELETE FROM accounts WHERE id = n;
  END;;
  CREATE TRIGGER audit_accounts AFTER INSERT ON accounts FOR EACH ROW BEGIN
    INSERT INTO audit VALUES ('insert'); END;;
  DELIMITER ;
`;

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "studio-database-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function contentsOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).toSorted();
  return Object.fromEntries(
    names.map((name) => [name, hash("sha256", readFileSync(join(folder, name)))]),
  );
}

function rowsOf(dump: MysqlDump): Record<string, number> {
  return Object.fromEntries(dump.files.map(({ table, rows }) => [table, rows]));
}

describe.skipIf(server === null)("MariaDB", () => {
  if (server === null) return;

  function shop() {
    const url = server!.createDatabase();
    const database = new URL(url).pathname.slice(1);
    server!.query(database, schema);
    const address = { dialect: "mysql" as const, file: null, url };
    const options = { address, env: process.env, scratch: join(temporaryFolder(), "scratch") };
    const dump = (more: Partial<Parameters<typeof dumpMysql>[0]> = {}) =>
      dumpMysql({ ...options, into: join(temporaryFolder(), "dump"), ...more });
    return { database, options, dump, query: (sql: string) => server!.query(database, sql) };
  }

  const schemas = (database: string): string[] =>
    server.query("mysql", `SHOW DATABASES LIKE '${database.replaceAll("_", "\\_")}%'`);

  /** Moves amounts between accounts until it is stopped, one transaction each. */
  function transferLoad(database: string) {
    const client = server!.client(database);
    let stopped = false;
    const ended = new Promise((resolve) => client.once("close", resolve));
    client.stdin?.on("error", () => {});
    const feed = (n: number): void => {
      if (stopped) return void client.stdin?.end();
      const [one, other] = [(n % 40) + 1, ((n * 7 + 3) % 40) + 1];
      client.stdin?.write(
        `BEGIN; UPDATE accounts SET amount = amount - 3 WHERE id = ${one};
         UPDATE accounts SET amount = amount + 3 WHERE id = ${other};
         INSERT INTO transfers (source, target, amount) VALUES (${one}, ${other}, 3); COMMIT;\n`,
        () => setImmediate(feed, n + 1),
      );
    };
    feed(1);
    return {
      async stop() {
        stopped = true;
        await ended;
      },
    };
  }

  const imbalance = (database: string): string[] =>
    server.query(
      database,
      `SELECT a.id, a.amount FROM accounts a WHERE a.amount <> 1000
         - COALESCE((SELECT SUM(amount) FROM transfers WHERE source = a.id), 0)
         + COALESCE((SELECT SUM(amount) FROM transfers WHERE target = a.id), 0)`,
    );

  test("is dumped as of one instant under load, restored, exchanged and taken back", async () => {
    const { database, options, dump, query } = shop();
    const load = transferLoad(database);
    while (Number(query("SELECT COUNT(*) FROM transfers")[0]) < 50) await sleep(20);
    const dumped = await dump();
    await load.stop();
    expect(rowsOf(dumped)).toMatchObject({
      accounts: 40,
      "odd `x (y) VALUES": 3,
      Empty: 0,
      audit: 0,
    });
    const transfers = rowsOf(dumped)["transfers"];
    expect(dumped.warnings).toEqual([]);
    const before = {
      transfers: query("SELECT COUNT(*) FROM transfers"),
      odd: query("SELECT a, HEX(b), at, j FROM `odd ``x (y) VALUES` ORDER BY a"),
    };
    query("DROP TABLE `odd ``x (y) VALUES`; CREATE TABLE later (a int)");

    const id = createIdentifier(new Date());
    const restore = {
      ...options,
      id,
      from: dumped.folder,
      jobs: 2,
      keepReplacedIn: temporaryFolder(),
    };
    const filled = await fillMysql(restore, id);
    expect(filled.tables).toContainEqual({ name: "transfers", rows: transfers });
    const kept = await exchangeMysql(restore);
    expect(schemas(database)).toEqual([database, kept]);
    expect(imbalance(database)).toEqual([]);
    expect(query("SELECT COUNT(*) FROM transfers")).toEqual([String(transfers)]);
    expect(query("SELECT a, HEX(b), at, j FROM `odd ``x (y) VALUES` ORDER BY a")).toEqual(
      before.odd,
    );
    expect(query("SHOW TABLES LIKE 'later'")).toEqual([]);
    // What acts by itself is back: trigger, function in a view, procedure, event, foreign key.
    query("INSERT INTO accounts (owner, amount) VALUES ('new', 1001); CALL close_account(40)");
    expect(query("SELECT what FROM audit")).toEqual(["insert"]);
    expect(query("SELECT n FROM rich WHERE n = 2002")).toEqual(["2002"]);
    expect(query("SHOW EVENTS")).toHaveLength(1);
    expect(query("SELECT COUNT(*) FROM transfers WHERE source = 40")).toEqual(["0"]);
    expect(imbalance(kept)).toEqual([]);
    // A second run of the same exchange changes nothing.
    expect(await exchangeMysql(restore)).toBe(kept);

    await undoMysqlExchange(restore);
    expect(query("SELECT COUNT(*) FROM transfers")).toEqual(before.transfers);
    expect(query("SHOW TABLES LIKE 'later'")).toEqual(["later"]);
    expect(query("SHOW TRIGGERS")).toHaveLength(1);
    expect(imbalance(database)).toEqual([]);
    await undoMysqlExchange(restore);
    await dropFilledMysql(restore);
    expect(schemas(database)).toEqual([database]);
  });

  test("gives the same bytes for the same state, and other bytes only for what changed", async () => {
    const { dump, query } = shop();
    const first = contentsOf((await dump()).folder);
    expect(contentsOf((await dump()).folder)).toEqual(first);
    query("CREATE TABLE zzz (a int); INSERT INTO audit VALUES ('x'); OPTIMIZE TABLE transfers");
    const second = contentsOf((await dump()).folder);
    const changed = Object.keys(second).filter((name) => second[name] !== first[name]);
    expect(changed).toEqual(["dump.json", "table.audit.sql", "table.zzz.sql", "tables.sql"]);
  });

  test("keeps the password out of arguments, files and folders that stay", async () => {
    const { options, dump } = shop();
    const seen = new Set<string>();
    const timer = setInterval(() => {
      for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        try {
          seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
        } catch {
          // It ended meanwhile.
        }
      }
    }, 3);
    const { folder } = await dump();
    clearInterval(timer);
    expect([...seen].some((line) => line.includes("--single-transaction"))).toBe(true);
    expect([...seen].filter((line) => line.includes(server.password))).toEqual([]);
    expect(readdirSync(options.scratch)).toEqual([]);
    for (const name of readdirSync(folder))
      expect(statSync(join(folder, name)).mode & 0o77).toBe(0);
  });

  test("is proven to be restorable by a drill, which leaves nothing", async () => {
    const { database, options, dump } = shop();
    const { folder } = await dump();
    const id = createIdentifier(new Date());
    const restore = { ...options, from: folder, jobs: 2 };
    expect((await drillMysql(restore, id)).tables).toContainEqual({ name: "accounts", rows: 40 });
    const file = join(folder, "table.accounts.sql");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("(7,'owner 7',1000),\n", ""));
    await expect(drillMysql(restore, id)).rejects.toMatchObject({
      code: "database.restoreDiffers",
      exitCode: 4,
      message: expect.stringContaining("accounts has 39 rows instead of 40"),
    });
    writeFileSync(file, text.replace("(7,'owner 7',1000)", "(7,'owner 8',1000)"));
    await expect(drillMysql(restore, id)).rejects.toMatchObject({
      code: "database.programFailed",
      exitCode: 8,
    });
    expect(schemas(database)).toEqual([database]);
  });

  test("an exchange that waits too long for a transaction leaves everything as it was", async () => {
    const { database, options, dump, query } = shop();
    const { folder } = await dump();
    const id = createIdentifier(new Date());
    const restore = { ...options, id, from: folder, jobs: 1, keepReplacedIn: temporaryFolder() };
    await fillMysql(restore, id);
    const holder = server.client(database);
    holder.stdin?.write("BEGIN; SELECT * FROM accounts FOR UPDATE;\n");
    await sleep(300);
    const exchange = exchangeMysql({ ...restore, lockWait: 1 });
    await expect(exchange).rejects.toMatchObject({ name: "StudioError", exitCode: 8 });
    holder.kill("SIGKILL");
    expect(query("SHOW TRIGGERS")).toHaveLength(1);
    expect(query("SELECT COUNT(*) FROM accounts")).toEqual(["40"]);
    await undoMysqlExchange(restore);
    await dropFilledMysql(restore);
    await dropKeptMysql(restore);
    expect(schemas(database)).toEqual([database]);
    expect(query("SHOW TRIGGERS")).toHaveLength(1);
  });

  test("stops when the dump is aborted, tells how far it is, and leaves no folder", async () => {
    const { options, dump, query } = shop();
    query("CREATE TABLE filler AS SELECT seq, REPEAT(MD5(seq), 30) AS t FROM seq_1_to_400000");
    const into = join(temporaryFolder(), "dump");
    const controller = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ bytes }: { bytes: number }): void => {
      seen.push(bytes);
      if (bytes > 1_000_000) controller.abort(new Error("enough"));
    };
    await expect(dump({ into, onProgress, signal: controller.signal })).rejects.toThrow("enough");
    expect(seen.at(-1)).toBeGreaterThan(1_000_000);
    expect(existsSync(into)).toBe(false);
    expect(readdirSync(options.scratch)).toEqual([]);
  });

  test("says why it cannot be dumped, and leaves no folder", async () => {
    const { options, dump, query } = shop();
    const into = join(temporaryFolder(), "dump");
    const wrong = (url: string) => ({ ...options.address, url });
    await expect(
      dump({ into, address: wrong(options.address.url.replace(/test_\d+/, "absent")) }),
    ).rejects.toMatchObject({ code: "database.unavailable", exitCode: 8 });
    await expect(
      dump({ into, address: wrong(`mysql://studio:wrong@127.0.0.1:${server.port}/test_1`) }),
    ).rejects.toMatchObject({ exitCode: 8, message: expect.stringContaining("1045") });
    await expect(dump({ into, env: { PATH: "/nowhere" } })).rejects.toMatchObject({
      code: "database.programMissing",
      hint: expect.stringContaining("mariadb-client"),
    });
    query("CREATE VIEW broken AS SELECT * FROM Empty; DROP TABLE Empty");
    await expect(dump({ into })).rejects.toMatchObject({ name: "StudioError", exitCode: 8 });
    expect(existsSync(into)).toBe(false);
  });
});

test("a MariaDB server that dies in the middle fails the dump clearly, and leaves no folder", async () => {
  const dying = await startMysql();
  if (dying === null) return;
  try {
    const url = dying.createDatabase();
    dying.query(
      new URL(url).pathname.slice(1),
      "CREATE TABLE filler AS SELECT seq, REPEAT(MD5(seq), 20) AS t FROM seq_1_to_150000",
    );
    const into = join(temporaryFolder(), "dump");
    const scratch = temporaryFolder();
    const address = { dialect: "mysql" as const, file: null, url };
    let started = 0;
    const dumping = dumpMysql({
      address,
      env: process.env,
      scratch,
      into,
      onStart() {
        // The fourth program is the one that reads the rows.
        if ((started += 1) === 4) setTimeout(() => dying.crash(), 60);
      },
    });
    const failure = await dumping.catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "StudioError", exitCode: 8 });
    expect(String(failure)).not.toContain(dying.password);
    expect(existsSync(into)).toBe(false);
    expect(readdirSync(scratch)).toEqual([]);
  } finally {
    await dying.stop();
  }
});
