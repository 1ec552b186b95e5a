import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { hostPostgresPrograms } from "../../../src/database/postgres/host-programs.ts";
import { query, startPostgres } from "../../support/postgres.ts";
import {
  accounts,
  addressOf,
  contentsOf,
  createShop,
  dumpShop,
  programs,
  rowsOf,
  temporaryFolder,
  transferLoad,
  untilTransfers,
} from "./postgres-shop.ts";

const server = await startPostgres();
afterAll(() => server?.stop());

describe.skipIf(server === null)("a dump of PostgreSQL", () => {
  if (server === null) return;

  test("holds one instant of a database under load, and counts its rows", async () => {
    const shop = await createShop(await server.createDatabase());
    const load = transferLoad(shop.url);
    await untilTransfers(shop.url, 50);
    const dump = await dumpShop(shop);
    await load.stop();
    expect(rowsOf(dump)).toMatchObject({
      "public.accounts": accounts,
      'public.Odd "Name" (x)': 3,
      "public.events_click": 10,
      "public.events_view": 20,
      "public.parents": 2,
      "public.children": 1,
      "public.empty": 0,
    });
    expect(dump.warnings).toEqual([]);
    // The rows of a table are lines: each account has 1000 plus and minus its transfers.
    const lines = (file: string): string[][] =>
      readFileSync(join(dump.folder, file), "utf8")
        .split("\n")
        .slice(0, -4)
        .map((line) => line.split("\t"));
    const balances = new Map(lines("public.accounts.dat").map(([id, , n]) => [id, Number(n)]));
    const transfers = lines("public.transfers.dat");
    expect(transfers).toHaveLength(rowsOf(dump)["public.transfers"] ?? -1);
    expect(transfers.length).toBeGreaterThan(50);
    for (const [, source, target, amount] of transfers) {
      balances.set(source, (balances.get(source) ?? 0) + Number(amount));
      balances.set(target, (balances.get(target) ?? 0) - Number(amount));
    }
    expect(new Set(balances.values())).toEqual(new Set([1000]));
  });

  test("of an unchanged database is the same, byte by byte, whatever the number of jobs", async () => {
    const shop = await createShop(await server.createDatabase());
    const first = await dumpShop(shop, { jobs: 1 });
    // The date in an archive has seconds.
    await sleep(1100);
    const second = await dumpShop(shop, { jobs: 3 });
    expect(contentsOf(second.folder)).toEqual(contentsOf(first.folder));
    expect(Object.keys(contentsOf(first.folder))).toContain("public.accounts.dat");
  });

  test("keeps the names and the bytes of other tables when one is created or changed", async () => {
    const shop = await createShop(await server.createDatabase());
    const before = contentsOf((await dumpShop(shop)).folder);
    await query(
      shop.url,
      `CREATE TABLE aaa (a int); INSERT INTO aaa VALUES (1);
       UPDATE accounts SET amount = 0 WHERE id = 1`,
    );
    const after = contentsOf((await dumpShop(shop)).folder);
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed).toEqual(["dump.json", "public.aaa.dat", "public.accounts.dat", "toc.dat"]);
    expect(Object.keys(before).filter((name) => after[name] === undefined)).toEqual([]);
  });

  test("can be read by pg_restore alone", async () => {
    const shop = await createShop(await server.createDatabase());
    const { folder } = await dumpShop(shop);
    const { file } = await programs.locate("pg_restore", 0);
    const list = execFileSync(file, ["--list", folder], { encoding: "utf8" });
    expect(list).toContain("TABLE DATA public accounts studio");
    const script = execFileSync(file, ["--file=-", "--table=accounts", folder], {
      encoding: "utf8",
    });
    expect(script).toContain("owner 40\t1000");
  });

  test("is readable by its owner alone, and tells the password nowhere", async () => {
    const shop = await createShop(await server.createDatabase());
    const commands = watchCommands();
    const { folder } = await dumpShop(shop);
    expect(commands.stop().some((line) => line.includes("pg_dump"))).toBe(true);
    expect(commands.stop().filter((line) => line.includes(server.password))).toEqual([]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
      expect(readFileSync(join(folder, name), "latin1"), name).not.toContain(server.password);
    }
  });

  test("holds the roles: with their password hashes only when asked", async () => {
    const shop = await createShop(await server.createDatabase());
    await query(shop.url, "CREATE ROLE clerk LOGIN PASSWORD 'clerks-password'");
    const plain = await dumpShop(shop);
    const globals = (folder: string): string => readFileSync(join(folder, "globals.sql"), "utf8");
    expect(plain.record.globals).toEqual({ file: "globals.sql", rolePasswords: false });
    expect(globals(plain.folder)).toContain("CREATE ROLE clerk");
    expect(globals(plain.folder)).not.toContain("SCRAM-SHA-256");
    const secret = await dumpShop(shop, { rolePasswords: true });
    expect(secret.record.globals?.rolePasswords).toBe(true);
    expect(globals(secret.folder)).toContain("SCRAM-SHA-256");
    const clerk = { user: "clerk", password: "clerks-password" };
    await query(shop.url, "GRANT pg_read_all_data TO clerk");
    await query(shop.url, "SELECT lo_unlink(oid) FROM pg_largeobject_metadata");
    const address = addressOf(server.urlOf(new URL(shop.url).pathname.slice(1), clerk));
    const other = await dumpShop({ ...shop, address }, { rolePasswords: true });
    expect(other.record.globals?.rolePasswords).toBe(false);
    expect(other.warnings).toEqual([
      "The passwords of the roles are not in the dump: clerk is no superuser.",
    ]);
  });

  test("fails for a user who may not read a table, and says which", async () => {
    const shop = await createShop(await server.createDatabase());
    await query(shop.url, "CREATE ROLE guest LOGIN PASSWORD 'guest'");
    const guest = { user: "guest", password: "guest" };
    const address = addressOf(server.urlOf(new URL(shop.url).pathname.slice(1), guest));
    const into = join(temporaryFolder(), "dump");
    const failure = await dumpShop({ ...shop, address }, { into }).catch((error) => error);
    expect(failure).toMatchObject({ name: "StudioError", exitCode: 8 });
    expect(failure.message).toContain("permission denied");
    expect(existsSync(into)).toBe(false);
  });

  test("fails when a lock is not let go, and leaves no folder", async () => {
    const shop = await createShop(await server.createDatabase());
    const { Client } = await import("pg");
    const holder = new Client({ connectionString: shop.url });
    await holder.connect();
    await holder.query("BEGIN; LOCK TABLE accounts");
    const into = join(temporaryFolder(), "dump");
    const failure = await dumpShop(shop, { into, lockWait: 300 }).catch((error) => error);
    await holder.end();
    expect(failure).toMatchObject({ name: "StudioError", exitCode: 8 });
    expect(failure.hint).toContain("lock");
    expect(existsSync(into)).toBe(false);
  });

  test("stops at once when it is aborted, and leaves no folder and no program", async () => {
    const shop = await createShop(await server.createDatabase());
    await fill(shop.url);
    const into = join(temporaryFolder(), "dump");
    const controller = new AbortController();
    const pids: number[] = [];
    const dumping = dumpShop(shop, {
      into,
      signal: controller.signal,
      onStart: ({ pid }) => {
        pids.push(pid);
        setTimeout(() => controller.abort(new Error("enough")), 150);
      },
    });
    await expect(dumping).rejects.toThrow("enough");
    expect(existsSync(into)).toBe(false);
    expect(pids).toHaveLength(1);
    expect(runningInGroup(pids[0] ?? 0)).toEqual([]);
  });

  test("needs a pg_dump that is as new as the server", async () => {
    const shop = await createShop(await server.createDatabase());
    const folder = temporaryFolder();
    const none = hostPostgresPrograms({ env: { PATH: folder }, folders: [] });
    const into = join(temporaryFolder(), "dump");
    await expect(dumpShop(shop, { programs: none, into })).rejects.toMatchObject({
      code: "database.programMissing",
      exitCode: 8,
      hint: expect.stringMatching(/apt-get install postgresql-client-\d+/),
    });
    const old = `#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.24"\n`;
    writeFileSync(join(folder, "pg_dump"), old, { mode: 0o755 });
    await expect(dumpShop(shop, { programs: none, into })).rejects.toMatchObject({
      code: "database.programTooOld",
      exitCode: 8,
      message: expect.stringContaining("9.6"),
    });
    expect(existsSync(into)).toBe(false);
  });

  test("does not go into a folder that holds something", async () => {
    const shop = await createShop(await server.createDatabase());
    const into = temporaryFolder();
    mkdirSync(join(into, "mine"));
    await expect(dumpShop(shop, { into })).rejects.toMatchObject({ exitCode: 2 });
    expect(readdirSync(into)).toEqual(["mine"]);
  });
});

test("a server that dies in the middle fails the dump clearly, and leaves no folder", async () => {
  const dying = await startPostgres();
  if (dying === null) return;
  try {
    const shop = await createShop(await dying.createDatabase());
    await fill(shop.url);
    const into = join(temporaryFolder(), "dump");
    const dumping = dumpShop(shop, {
      into,
      onStart: () => void setTimeout(() => dying.crash(), 150),
    });
    const failure = await dumping.catch((error) => error);
    expect(failure).toMatchObject({ name: "StudioError", exitCode: 8 });
    expect(JSON.stringify([failure.message, failure.details])).not.toContain(dying.password);
    expect(existsSync(into)).toBe(false);
  } finally {
    await dying.stop();
  }
});

/** Enough rows that a dump takes longer than the tests wait before they interfere. */
async function fill(url: string): Promise<void> {
  await query(
    url,
    `CREATE TABLE filler AS SELECT i, repeat(md5(i::text), 20) AS t FROM generate_series(1, 200000) i`,
  );
}

/** The processes of a group, those that ended and wait to be noticed excepted. */
function runningInGroup(leader: number): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const text = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state, , group] = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return Number(group) === leader && state !== "Z";
    } catch {
      return false;
    }
  });
}

/** Collects the command lines of every process, as often as it can. */
function watchCommands(): { stop(): string[] } {
  const seen = new Set<string>();
  const look = (): void => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
      } catch {
        // It ended meanwhile.
      }
    }
  };
  const timer = setInterval(look, 5);
  return {
    stop() {
      clearInterval(timer);
      return [...seen];
    },
  };
}
