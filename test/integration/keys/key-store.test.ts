import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Knex } from "knex";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { down, up } from "../../../migrations/20261121T003000Z-create-api-keys.ts";
import { parseDatabaseUrl } from "../../../src/database/address.ts";
import { connectDatabase } from "../../../src/database/connect.ts";
import { createKey, idOfKey, matchesHash } from "../../../src/keys/api-key.ts";
import { KeyStore, keyTable, stateOfKey } from "../../../src/keys/key-store.ts";
import { startMysql } from "../../support/mysql.ts";
import { startPostgres } from "../../support/postgres.ts";

const [postgres, mysql] = await Promise.all([startPostgres(), startMysql()]);
const folder = mkdtempSync(join(tmpdir(), "studio-keys-"));

afterAll(async () => {
  await Promise.all([postgres?.stop(), mysql?.stop()]);
  rmSync(folder, { recursive: true });
});

const urls: Record<string, (() => Promise<string> | string) | null> = {
  SQLite: () => `sqlite:${join(folder, "keys.db")}`,
  PostgreSQL: postgres === null ? null : () => postgres.createDatabase(),
  MariaDB: mysql === null ? null : () => mysql.createDatabase(),
};

describe.each(Object.keys(urls))("keys in %s", (name) => {
  const url = urls[name] ?? null;
  let database: Knex;
  let keys: KeyStore;

  beforeAll(async () => {
    if (url === null) return;
    database = await connectDatabase(parseDatabaseUrl(await url(), folder));
    await up(database);
    keys = new KeyStore(database);
  });

  afterAll(async () => {
    if (url !== null) await database.destroy();
  });

  test.skipIf(url === null)("are found, replaced, expired, revoked and removed", async () => {
    const { id, key, hash } = createKey();
    const row = {
      id,
      name: "naïve 模型",
      role: "viewer" as const,
      createdAt: "2026-11-21T00:00:00.000Z",
      expiresAt: null,
      replaces: null,
    };
    expect(await keys.find(id)).toBeNull();
    await keys.put({ ...row, hash: "0".repeat(64) });
    await keys.put({ ...row, hash });
    const stored = { ...row, lastUsedAt: null, revokedAt: null };
    expect(await keys.find(id)).toEqual({ ...stored, hash });
    expect(await keys.list()).toEqual([stored]);
    expect(idOfKey(key)).toBe(id);
    expect(matchesHash(key, hash)).toBe(true);
    await keys.expire(id, "2026-11-22T00:00:00.000Z");
    const found = await keys.find(id);
    const stateAt = (time: string) => found && stateOfKey(found, new Date(time));
    expect(stateAt("2026-11-21T23:59:59.999Z")).toBe("valid");
    expect(stateAt("2026-11-22T00:00:00.000Z")).toBe("expired");
    await keys.revoke(id, "2026-11-21T01:00:00.000Z");
    expect(await keys.find(id)).toMatchObject({ revokedAt: "2026-11-21T01:00:00.000Z" });
    await keys.remove(id);
    expect(await keys.list()).toEqual([]);
  });

  test.skipIf(url === null)("have their use noted once a minute at most", async () => {
    const { id, hash } = createKey();
    const createdAt = "2026-11-21T00:00:00.000Z";
    const common = { name: "n", role: "admin", expiresAt: null, replaces: null } as const;
    await keys.put({ ...common, id, hash, createdAt });
    const used = async (time: string) => {
      await keys.noteUse(id, new Date(time));
      return (await keys.find(id))?.lastUsedAt;
    };
    expect(await used("2026-11-21T10:00:00.000Z")).toBe("2026-11-21T10:00:00.000Z");
    expect(await used("2026-11-21T10:00:59.999Z")).toBe("2026-11-21T10:00:00.000Z");
    expect(await used("2026-11-21T10:01:00.000Z")).toBe("2026-11-21T10:01:00.000Z");
  });

  test.skipIf(url === null)("are taken back with their migration", async () => {
    await down(database);
    expect(await database.schema.hasTable(keyTable)).toBe(false);
  });
});

test("no two keys are alike, and each has 256 random bits", () => {
  const made = Array.from({ length: 1000 }, () => createKey());
  expect(new Set(made.map(({ id }) => id)).size).toBe(1000);
  for (const { key } of made) {
    const secret = key.slice(-43);
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
  }
});
