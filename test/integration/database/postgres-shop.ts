import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { onTestFinished } from "vitest";
import type { DatabaseAddress } from "../../../src/database/address.ts";
import { type PostgresDump, dumpPostgres } from "../../../src/database/postgres/dump.ts";
import { hostPostgresPrograms } from "../../../src/database/postgres/host-programs.ts";
import { query } from "../../support/postgres.ts";

export const accounts = 40;
const start = 1000;

/** A database with one of each thing that a dump can go wrong with. */
const schema = `
  CREATE TABLE accounts (id serial PRIMARY KEY, owner text NOT NULL UNIQUE,
    amount bigint NOT NULL CHECK (amount > -1000000));
  CREATE TABLE transfers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source int NOT NULL REFERENCES accounts ON DELETE CASCADE,
    target int NOT NULL REFERENCES accounts ON DELETE CASCADE,
    amount bigint NOT NULL, note json, at timestamptz DEFAULT now(),
    doubled bigint GENERATED ALWAYS AS (amount * 2) STORED);
  CREATE INDEX transfers_source ON transfers (source);
  CREATE TABLE "Odd ""Name"" (x)" ("A b" text PRIMARY KEY, c bytea);
  INSERT INTO "Odd ""Name"" (x)" VALUES (E'tab\\t line\\n back\\\\slash \\\\.', '\\x00ff0a5c'),
    (E'\\\\.', NULL), ('äöü 漢字', '');
  CREATE TABLE events (id int, kind text NOT NULL) PARTITION BY LIST (kind);
  CREATE TABLE events_click PARTITION OF events FOR VALUES IN ('click');
  CREATE TABLE events_view PARTITION OF events FOR VALUES IN ('view');
  INSERT INTO events SELECT i, CASE WHEN i % 3 = 0 THEN 'click' ELSE 'view' END
    FROM generate_series(1, 30) i;
  CREATE TABLE parents (a int);
  CREATE TABLE children () INHERITS (parents);
  INSERT INTO parents VALUES (1), (2);
  INSERT INTO children VALUES (3);
  CREATE TABLE empty (a int);
  CREATE VIEW rich AS SELECT * FROM accounts WHERE amount > ${start};
  CREATE MATERIALIZED VIEW totals AS SELECT sum(amount) AS total FROM accounts;
  SELECT lo_from_bytea(0, 'a large object');
  INSERT INTO accounts (owner, amount)
    SELECT 'owner ' || i, ${start} FROM generate_series(1, ${accounts}) i;
  REFRESH MATERIALIZED VIEW totals;`;

export interface Shop {
  url: string;
  address: DatabaseAddress;
}

export async function createShop(url: string): Promise<Shop> {
  await query(url, schema);
  return { url, address: addressOf(url) };
}

export function addressOf(url: string): DatabaseAddress {
  return { dialect: "postgres", file: null, url };
}

export const programs = hostPostgresPrograms({ env: process.env });

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "studio-database-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function dumpShop(
  shop: Shop,
  more: Partial<Parameters<typeof dumpPostgres>[0]> = {},
): Promise<PostgresDump> {
  const into = join(temporaryFolder(), "dump");
  return dumpPostgres({ address: shop.address, programs, into, jobs: 2, ...more });
}

/** The hash of each file of a folder, by its name. */
export function contentsOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .toSorted()
      .map((name) => [name, hash("sha256", readFileSync(join(folder, name)))]),
  );
}

export function rowsOf(dump: PostgresDump): Record<string, number> {
  return Object.fromEntries(dump.files.map(({ table, rows }) => [table, rows]));
}

/**
 * Moves amounts between accounts until it is stopped, one transaction each: the sum of all amounts
 * stays, and each account has what its transfers say.
 */
export function transferLoad(url: string, sessions = 2): { stop(): Promise<number> } {
  let stopped = false;
  const run = async (seed: number): Promise<number> => {
    const client = new Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    let done = 0;
    for (; !stopped; done += 1) {
      // Lower ids first, so that two sessions never wait for each other.
      const [one, other] = [pick(seed, done), pick(seed + 7, done * 3 + 1)].toSorted(
        (a, b) => a - b,
      );
      if (one === other) continue;
      await client.query(`BEGIN;
        UPDATE accounts SET amount = amount - 3 WHERE id = ${one};
        UPDATE accounts SET amount = amount + 3 WHERE id = ${other};
        INSERT INTO transfers (source, target, amount, note)
          VALUES (${one}, ${other}, 3, '{"n": ${done}}');
        COMMIT`);
    }
    await client.end();
    return done;
  };
  const running = Array.from({ length: sessions }, (_, session) => run(session * 13));
  // A session that fails is told of when the load is stopped, and stops there.
  for (const one of running) one.catch(() => {});
  return {
    async stop() {
      stopped = true;
      return (await Promise.all(running)).reduce((sum, one) => sum + one, 0);
    },
  };
}

export async function untilTransfers(url: string, count: number): Promise<void> {
  for (;;) {
    const [row] = await query(url, "SELECT count(*)::int AS n FROM transfers");
    if (Number(row?.["n"]) >= count) return;
    await sleep(20);
  }
}

function pick(seed: number, step: number): number {
  return ((seed * 31 + step * 17) % accounts) + 1;
}

/** What is wrong with the amounts; empty when every transfer is there whole. */
export async function imbalance(url: string): Promise<Record<string, unknown>[]> {
  return query(
    url,
    `SELECT a.id, a.amount FROM accounts a WHERE a.amount <> ${start}
       - coalesce((SELECT sum(amount) FROM transfers WHERE source = a.id), 0)
       + coalesce((SELECT sum(amount) FROM transfers WHERE target = a.id), 0)
     UNION ALL SELECT -1, sum(amount)::bigint FROM accounts HAVING sum(amount) <> ${accounts * start}`,
  );
}
