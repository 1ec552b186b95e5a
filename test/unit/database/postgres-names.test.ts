import { expect, test } from "vitest";
import { dumpFileName } from "../../../src/database/dump-file-name.ts";
import { assert, property, string } from "fast-check";
import { quoteIdentifier, quoteLiteral } from "../../../src/database/postgres/connection.ts";
import { besideName, readBesideName } from "../../../src/database/beside-name.ts";
import {
  createDatabaseStatement,
  settingClause,
} from "../../../src/database/postgres/properties.ts";
import { chooseProgram, parseProgramVersion } from "../../../src/database/postgres/programs.ts";

import { copiedColumns } from "../../../src/database/postgres/table-shape.ts";

const id = "20261120T210500Z-k3xq";

test("what a restore makes has a name that tells its purpose and the restore", () => {
  expect(besideName("shop", "before", id)).toBe("shop_studio_before_20261120t210500z_k3xq");
  expect(readBesideName("shop_studio_before_20261120t210500z_k3xq")).toEqual({
    purpose: "before",
    id,
  });
  expect(readBesideName("shop_studio_before_yesterday")).toBeNull();
});

test("such a name fits into an identifier, whatever the name it is made of", () => {
  assert(
    property(string({ unit: "grapheme", minLength: 1, maxLength: 80 }), (name) => {
      const made = besideName(name, "restore", id);
      expect(Buffer.byteLength(made)).toBeLessThanOrEqual(63);
      expect(readBesideName(made)).toEqual({ purpose: "restore", id });
    }),
  );
});

test("a table's file has the table's name, and no two tables share one", () => {
  expect(dumpFileName(["public", "accounts"], "dat")).toBe("public.accounts.dat");
  const names = [
    ["a", "b.c"],
    ["a.b", "c"],
    ["a", "B"],
    ["a", "b"],
    ["a", "../b"],
    ["a", "é"],
    ["a", "ü"],
  ].map((name) => dumpFileName(name, "dat").toLowerCase());
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9_~.-]+$/);
});

test("names and strings are quoted", () => {
  expect(quoteIdentifier('a"b')).toBe('"a""b"');
  expect(quoteLiteral("it's")).toBe("'it''s'");
  expect(quoteLiteral("a\\'b")).toBe(" E'a\\\\''b'");
});

test("a setting of a database is written as the server takes it", () => {
  expect(settingClause("work_mem=8MB")).toBe(`"work_mem" TO '8MB'`);
  expect(settingClause("my.option=a=b")).toBe(`"my"."option" TO 'a=b'`);
  expect(settingClause('search_path="$user", public, "a ""b"""')).toBe(
    `"search_path" TO '$user', 'public', 'a "b"'`,
  );
});

test("a database is created with the locale of the one it stands for", () => {
  const properties = {
    owner: "o",
    encoding: "UTF8",
    provider: "i",
    collate: "C",
    characterType: "C",
    locale: "de-DE",
    connectionLimit: -1,
    comment: null,
    grants: null,
    settings: [],
  };
  expect(createDatabaseStatement("new", properties)).toBe(
    `CREATE DATABASE "new" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'`,
  );
});

test("the columns of a copied table are read from its statement", () => {
  expect(copiedColumns("COPY public.accounts (id, owner) FROM stdin;\n")).toEqual(["id", "owner"]);
  expect(copiedColumns('COPY "a (b)"."c"" (d)" ("e, f", "g""h", i) FROM stdin;\n')).toEqual([
    "e, f",
    'g"h',
    "i",
  ]);
});

test("of several programs the server's version is taken, else the next newer one", () => {
  const found = [17, 14, 15, 16].map((major) => {
    return { name: "pg_dump" as const, file: `/${major}/pg_dump`, version: `${major}.1`, major };
  });
  expect(chooseProgram(found, 15)?.major).toBe(15);
  expect(chooseProgram(found.slice(0, 2), 15)?.major).toBe(17);
  expect(chooseProgram(found, 18)).toBeUndefined();
  expect(parseProgramVersion("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n")).toEqual({
    version: "15.18 (Debian 15.18-0+deb12u1)",
    major: 15,
  });
});
