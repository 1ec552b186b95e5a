import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { parseDatabaseUrl } from "../../../src/database/address.ts";
import { connectDatabase } from "../../../src/database/connect.ts";
import { openReadOnlySession, openSession } from "../../../src/database/session.ts";
import { freePort } from "../../support/studio.ts";

const folder = mkdtempSync(join(tmpdir(), "studio-database-"));
const sqlite = parseDatabaseUrl("sqlite:studio.db", folder);
const options = { applicationName: "test" };

const ways = {
  "a pool": connectDatabase,
  "a session": (address: typeof sqlite) => openSession(address, options),
  "a session that reads": (address: typeof sqlite) => openReadOnlySession(address, options),
};

afterEach(() => void vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));

test.each(Object.entries(ways))(
  "%s to a server that is not there fails and prints nothing",
  async (_name, open) => {
    const written = vi.spyOn(console, "log").mockReturnValue();
    const streams = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
    const url = `postgres://me:secret@127.0.0.1:${await freePort()}/studio`;
    const database = await open(parseDatabaseUrl(url, folder));
    await expect(database?.raw("select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await database?.destroy();
    for (const spy of [written, ...streams]) expect(spy).not.toHaveBeenCalled();
  },
);

test.each(Object.entries(ways))("%s gives a server ten seconds to accept", async (_name, open) => {
  const database = await open(parseDatabaseUrl("postgres://me@127.0.0.1/studio", folder));
  expect(database?.client.config.connection).toMatchObject({ connectionTimeoutMillis: 10_000 });
  await database?.destroy();
});

test.each(["a pool", "a session"] as const)(
  "%s tells of a failed statement without its values",
  async (name) => {
    const database = await ways[name](sqlite);
    const failure = await database("nowhere")
      .insert({ token: "hunter2" })
      .catch((error: unknown) => error);
    expect(String(failure)).toContain("nowhere");
    expect(String(failure)).not.toContain("hunter2");
    await database.destroy();
  },
);

test("a session that reads can change nothing, and makes no file", async () => {
  expect(
    await openReadOnlySession(parseDatabaseUrl("sqlite:absent.db", folder), options),
  ).toBeNull();
  const session = await openSession(sqlite, options);
  await session.raw("create table kept (id integer)");
  await session.destroy();
  const reader = await openReadOnlySession(sqlite, options);
  await expect(reader?.raw("insert into kept values (1)")).rejects.toThrow(/readonly/);
  await reader?.destroy();
});
