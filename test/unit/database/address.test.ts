import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { describeDatabase, parseDatabaseUrl } from "../../../src/database/address.ts";
import { databaseFailure } from "../../../src/database/session-failure.ts";
import { StudioError } from "../../../src/errors.ts";

const password = "pa#ss/wo rd";

function refusalOf(url: string): StudioError {
  try {
    parseDatabaseUrl(url, "/project");
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
  throw new Error(`${url} was accepted`);
}

describe("the URL of a database", () => {
  test.each([
    ["sqlite:data/studio.db", "/project/data/studio.db"],
    ["sqlite:///var/lib/studio.db", "/var/lib/studio.db"],
    ["file:///var/lib/studio.db", "/var/lib/studio.db"],
  ])("%s names the file %s", (url, file) => {
    expect(parseDatabaseUrl(url, "/project")).toEqual({
      dialect: "sqlite",
      file,
      url: `sqlite:${file}`,
    });
  });

  test.each([
    [
      "postgres://me:secret@db.example:5433/studio?sslmode=require",
      "PostgreSQL db.example:5433/studio",
    ],
    ["postgresql+asyncpg://me:secret@db.example/studio", "PostgreSQL db.example/studio"],
    ["postgres://me:secret@/studio?host=/run/postgresql", "PostgreSQL localhost/studio"],
    ["mysql://me:secret@db.example/studio", "MySQL db.example/studio"],
  ])("%s is told without user and password", (url, description) => {
    expect(describeDatabase(parseDatabaseUrl(url, "/project"))).toBe(description);
  });

  test.each([
    `postgres://me:${password}@db.example:port/studio`,
    `mysql://me:${password}@db.example:port/studio`,
    `file://me:${password}@db.example/studio.db`,
    `file://[${password}/studio.db`,
  ])("%s is refused by the name of its setting, and not shown", (url) => {
    const error = refusalOf(url);
    expect(error.exitCode).toBe(2);
    expect(error.message).toMatch(/^database\.url \(or DATABASE_URL\) cannot be read/);
    expect(error.hint).toBeTruthy();
    // Whatever is kept of an error is printed, logged or journaled one day.
    for (const shown of [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)]) {
      for (const part of ["pa#ss", "wo rd", "db.example"]) expect(shown).not.toContain(part);
    }
  });

  test("an unknown scheme is named, and the way to write it", () => {
    expect(refusalOf("oracle://me@host/studio")).toMatchObject({
      message:
        'database.url (or DATABASE_URL) has the scheme "oracle", which studio does not know.',
      hint: expect.stringContaining("postgres://"),
    });
    expect(refusalOf("/var/lib/studio.db").message).toContain("no scheme");
  });

  test("a driver that cannot read the URL is not quoted either", () => {
    const url = `postgres://me:${password}@host:port/studio`;
    const failure = databaseFailure({ dialect: "postgres", file: null, url }, invalidUrlError(url));
    expect(failure?.exitCode).toBe(2);
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain("pa#ss");
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const other = databaseFailure({ dialect: "postgres", file: null, url }, refused);
    expect(other?.message).toBe("The database PostgreSQL cannot be reached (ECONNREFUSED).");
  });
});

function invalidUrlError(url: string): unknown {
  try {
    throw new Error(`${new URL(url).protocol} could be read`);
  } catch (error) {
    return error;
  }
}
