import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createKey } from "../../../../src/keys/api-key.ts";
import type { StoredKey } from "../../../../src/keys/key-store.ts";
import { KeyRing } from "../../../../src/server/guard/key-ring.ts";

type Row = StoredKey & { hash: string };

const begin = Date.UTC(2026, 10, 21);

beforeEach(() => {
  vi.useFakeTimers({ now: begin, toFake: ["Date", "performance", "setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A table of one key, and a ring that asks it. */
function setUp(changes: Partial<Row> = {}) {
  const { id, key, hash } = createKey();
  const row: Row = {
    id,
    name: "test",
    role: "operator",
    createdAt: new Date(begin).toISOString(),
    lastUsedAt: null,
    expiresAt: null,
    revokedAt: null,
    replaces: null,
    hash,
    ...changes,
  };
  const table = { row: row as Row | null, questions: 0, uses: [] as string[], answers: true };
  const ring = new KeyRing({
    configured: ["configured-in-the-file"],
    store: {
      async find(wanted) {
        table.questions++;
        if (!table.answers) throw new Error("gone away");
        return table.row?.id === wanted ? { ...table.row } : null;
      },
      async noteUse(used, now) {
        table.uses.push(`${used} ${now.toISOString()}`);
      },
    },
    now: () => new Date(),
    failed: () => undefined,
  });
  return { ring, table, id, key };
}

const refusal = (code: string, status = 401) => ({ status, code });

describe("a key ring", () => {
  it("knows the keys of the configuration as admins, and asks nobody about them", async () => {
    const { ring, table } = setUp();
    const holder = await ring.identify("configured-in-the-file");
    expect(holder).toEqual({ id: "configured-1", role: "admin" });
    expect(table.questions).toBe(0);
  });

  it("knows a stored key, and asks about it once a second at most", async () => {
    const { ring, table, id, key } = setUp();
    for (let n = 0; n < 100; n++) {
      expect(await ring.identify(key)).toEqual({ id, role: "operator" });
      vi.advanceTimersByTime(30);
    }
    expect(table.questions).toBe(3);
  });

  it("refuses every other text, and one that only begins or ends like a key", async () => {
    const { ring, key } = setUp();
    const wrong = [
      `${key}x`,
      key.slice(0, -1),
      key.slice(0, -1) + (key.endsWith("A") ? "B" : "A"),
      createKey().key,
      "configured-in-the-fil",
      "x",
    ];
    for (const text of wrong) {
      await expect(ring.identify(text)).rejects.toMatchObject(refusal("auth.invalid"));
    }
  });

  it("refuses a revoked key within two seconds, and an expired one at once", async () => {
    const { ring, table, key } = setUp({ expiresAt: new Date(begin + 60_000).toISOString() });
    await ring.identify(key);
    vi.advanceTimersByTime(60_000);
    await expect(ring.identify(key)).rejects.toMatchObject(refusal("auth.expired"));
    if (table.row !== null) table.row.expiresAt = null;
    vi.advanceTimersByTime(1000);
    await ring.identify(key);
    if (table.row !== null) table.row.revokedAt = new Date().toISOString();
    vi.advanceTimersByTime(1000);
    await expect(ring.identify(key)).rejects.toMatchObject(refusal("auth.revoked"));
  });

  it("takes a new key at once, also where it was asked for before it was there", async () => {
    const { ring, table, key } = setUp();
    const { row } = table;
    table.row = null;
    await expect(ring.identify(key)).rejects.toMatchObject(refusal("auth.invalid"));
    table.row = row;
    expect(await ring.identify(key)).toMatchObject({ role: "operator" });
  });

  it("goes on with what it knows while the database is away, but not for ever", async () => {
    const { ring, table, key } = setUp();
    await ring.identify(key);
    table.answers = false;
    for (let minute = 0; minute < 9; minute++) {
      vi.advanceTimersByTime(60_000);
      expect(await ring.identify(key)).toMatchObject({ role: "operator" });
    }
    await expect(ring.identify(createKey().key)).rejects.toMatchObject(
      refusal("auth.unavailable", 503),
    );
    vi.advanceTimersByTime(120_000);
    await expect(ring.identify(key)).rejects.toMatchObject(refusal("auth.unavailable", 503));
  });

  it("has one question under way, whatever number of requests waits", async () => {
    const { ring, table, key } = setUp();
    await Promise.all(Array.from({ length: 50 }, () => ring.identify(key)));
    expect(table.questions).toBe(1);
  });

  it("notes a use once a minute at most", async () => {
    const { ring, table, id, key } = setUp();
    for (let second = 0; second < 121; second++) {
      await ring.identify(key);
      vi.advanceTimersByTime(1000);
    }
    expect(table.uses).toEqual(
      [0, 60_000, 120_000].map((ms) => `${id} ${new Date(begin + ms).toISOString()}`),
    );
  });

  it("waits no longer than half a second for a database that hangs", async () => {
    const { ring, table, key } = setUp();
    await ring.identify(key);
    vi.advanceTimersByTime(5000);
    vi.useRealTimers();
    const hung = new KeyRing({
      configured: [],
      store: {
        find: () => (table.questions++ === 1 ? Promise.resolve(table.row) : new Promise(() => {})),
        noteUse: async () => undefined,
      },
      now: () => new Date(begin),
      failed: () => undefined,
    });
    await hung.identify(key);
    await sleep(1050);
    const start = performance.now();
    expect(await hung.identify(key)).toMatchObject({ role: "operator" });
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
