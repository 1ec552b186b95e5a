import { afterAll, expect, test } from "vitest";
import { compareSchemas } from "../../../../src/migrate/schema/compare.ts";
import { generateMigration } from "../../../../src/migrate/schema/generate.ts";
import { readSchema } from "../../../../src/migrate/schema/read.ts";
import { formatSchema, parseSchema } from "../../../../src/migrate/schema/text.ts";
import { startDatabases } from "./databases.ts";
import { apply } from "./round-trip.ts";

const databases = await startDatabases();
afterAll(() => databases.stop());

/** Statements as people and other tools write them, and the dump of what they make. */
const cases = {
  sqlite: {
    statements: [
      `CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, "Full Name" text not null default "x",
         age int check (age > 0), email VARCHAR (20) collate nocase unique,
         CONSTRAINT ab CHECK (age <> 7), UNIQUE (age, email))`,
      `create table orders (id integer primary key, user_id integer references users
         on delete cascade deferrable initially deferred,
         total real generated always as (id * 2) stored, note text default (lower('A'))) strict`,
      "create index oi on orders (user_id desc, lower(note) collate nocase) where note is not null",
      "create view v(a) as select id from users;",
      "create trigger tr after insert on users begin select 1; end",
      "create virtual table f using fts5(a, b)",
      "alter table users add column born date default current_date",
    ],
    dump: `
tables:
  orders:
    columns:
      id: integer
      user_id: integer
      total: real generated always as (id * 2) stored
      note: text default lower('A')
    primary key: id
    indexes:
      oi:
        columns: [user_id desc, lower(note) collate nocase]
        where: note is not null
    foreign keys: [user_id -> users(id) on delete cascade deferrable initially deferred]
    options:
      strict: true

  users:
    columns:
      id: integer autoincrement
      Full Name: text not null default 'x'
      age: int
      email: varchar(20) collate nocase
      born: date default current_date
    primary key: id
    unique: [[age, email], email]
    checks: [age > 0, {ab: age <> 7}]

views:
  f:
    virtual: fts5(a, b)
  v:
    view: select id from users
    columns: [a]

triggers:
  users.tr: CREATE TRIGGER tr after insert on users begin select 1; end
`,
  },
  postgres: {
    statements: [
      "create schema audit",
      "create type mood as enum ('sad', 'ok, fine', 'it''s')",
      "create domain email as text not null default 'x' check (value ~ '@')",
      "create sequence nums increment by 5 start 100 cycle maxvalue 1000",
      `create table users (id bigserial primary key, "Full Name" varchar(20) not null default 'x',
         m mood default 'sad', e email, age smallint check (age between 1 and 150),
         tags text[] default '{}', price numeric(10,2) default 0, at timestamptz not null default now(),
         neg int default -1, total numeric generated always as (price * 2) stored, c text collate "C",
         constraint uq unique (age, at) include (m) deferrable initially deferred)`,
      "comment on column users.e is 'their mail'",
      `create table audit.log (id int generated always as identity (start 10),
         u bigint references users on delete cascade on update set null deferrable, primary key (id))`,
      "create table ev (at date not null, n int, primary key (at, n)) partition by range (at)",
      "create table ev1 partition of ev for values from ('2020-01-01') to ('2021-01-01')",
      `create index users_low on users (lower("Full Name") desc, age nulls first) include (m) where age > 3`,
      "create index trg on users using hash (c)",
      "create materialized view mv as select count(*) as n from users",
      "create function touch() returns trigger language plpgsql as $$ begin return new; end $$",
      "create trigger touch before update of c on users for each row when (new.age > 1) execute function touch()",
      "alter table users disable trigger touch",
      "alter table users enable row level security",
      "create policy p on users for select using (age > 2)",
      "create aggregate total(int) (sfunc = int4pl, stype = int)",
      "create unlogged table fast (a text) with (fillfactor = 70)",
      "alter table audit.log add constraint late check (u > 0) not valid",
    ],
    dump: `schemas: [audit]

types:
  email:
    domain: text not null default 'x'
    checks:
      email_check: VALUE ~ '@'::text
  mood:
    enum: [sad, "ok, fine", it's]

sequences:
  nums: bigint start with 100 increment by 5 maxvalue 1000 cycle

tables:
  audit.log:
    columns:
      id: integer not null identity always (start with 10)
      u: bigint
    primary key: id
    foreign keys:
      log_u_fkey: u -> users(id) on update set null on delete cascade deferrable
    checks:
      late: {expression: u > 0, not valid: true}

  ev:
    columns:
      at: date not null
      n: integer not null
    primary key: [at, n]
    partition by: range (at)

  ev1:
    partition of: ev FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')

  fast:
    columns:
      a: text
    options:
      fillfactor: "70"
      unlogged: true

  users:
    columns:
      id: bigint not null serial
      Full Name: character varying(20) not null default 'x'
      m: mood default 'sad'
      e: {type: email, comment: their mail}
      age: smallint
      tags: text[] default '{}'
      price: numeric(10,2) default 0
      at: timestamp with time zone not null default now()
      neg: integer default -1
      total: numeric generated always as (price * 2::numeric) stored
      c: text collate C
    primary key: id
    unique:
      uq: {columns: [age, at], include: [m], deferrable: initially deferred}
    indexes:
      trg: {columns: c, using: hash}
      users_low:
        columns: [lower("Full Name"::text) desc, age nulls first]
        where: age > 3
        include: [m]
    checks:
      users_age_check: age >= 1 AND age <= 150
    row security:
      enabled: true
      policies: {p: {for: select, using: age > 2}}

views:
  mv:
    materialized: |-
      SELECT count(*) AS n
         FROM users

routines:
  touch(): |-
    CREATE OR REPLACE FUNCTION touch()
     RETURNS trigger
     LANGUAGE plpgsql
    AS $function$ begin return new; end $function$

triggers:
  users.touch:
    definition: CREATE TRIGGER touch BEFORE UPDATE OF c ON users FOR EACH ROW WHEN (new.age > 1) EXECUTE FUNCTION touch()
    enabled: disabled
unmodelled: [aggregate total(integer)]
`,
  },
  mysql: {
    statements: [
      `create table users (id bigint unsigned not null auto_increment primary key comment 'it''s',
         \`Full Name\` varchar(20) not null default 'it''s', m enum('sad', 'ok, x') default 'sad',
         e char(3) collate latin1_swedish_ci, age tinyint unsigned check (age between 1 and 150),
         ok boolean not null default true, j json, price decimal(10,2) default 0,
         at timestamp not null default current_timestamp on update current_timestamp,
         neg int default -1, total decimal(12,2) as (price * 2) stored, u char(36) default (uuid()),
         t text, constraint ck check (price > 0 and \`Full Name\` <> 'x'), unique key uq (age, neg),
         key tk (t(10)), fulltext key ft (t)) comment 'People'`,
      `create table logs (id int not null, u bigint unsigned, v bigint unsigned, primary key (id, u),
         constraint fk1 foreign key (u) references users (id) on delete cascade,
         constraint fk2 foreign key (v) references users (id) on update set null) collate utf8mb4_bin`,
      `create table parts (id int not null, y int not null, primary key (id, y)) partition by range (y)
         (partition p0 values less than (2000), partition p1 values less than maxvalue)`,
      "create view v as select id, `Full Name` from users where age > 3",
      "create trigger tr before insert on users for each row set new.t = 'x'",
      "create function f(a int, b varchar(10)) returns int deterministic return a + 1",
    ],
    dump: `
tables:
  logs:
    columns:
      id: int not null
      u: bigint unsigned not null
      v: bigint unsigned
    primary key: [id, u]
    foreign keys:
      fk1: u -> users(id) on delete cascade
      fk2: v -> users(id) on update set null
    options:
      collation: utf8mb4_bin

  parts:
    columns:
      id: int not null
      y: int not null
    primary key: [id, y]
    partition by: RANGE (y) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)

  users:
    columns:
      id: {type: bigint unsigned not null auto_increment, comment: it's}
      Full Name: varchar(20) not null default 'it''s'
      m: enum('sad','ok, x') default 'sad'
      e: char(3) collate latin1_swedish_ci
      age: tinyint unsigned
      ok: tinyint(1) not null default 1
      j: json
      price: decimal(10,2) default 0.00
      at:
        type: timestamp not null default current_timestamp()
        on update: current_timestamp()
      neg: int default -1
      total: decimal(12,2) generated always as (price * 2) stored
      u: char(36) default uuid()
      t: text
    primary key: id
    indexes:
      ft: {columns: t, using: fulltext}
      tk: t(10)
      uq: {columns: [age, neg], unique: true}
    checks:
      age: {expression: age between 1 and 150, column: age}
      ck: price > 0 and \`Full Name\` <> 'x'
    comment: People

views:
  v: select \`users\`.\`id\` AS \`id\`,\`users\`.\`Full Name\` AS \`Full Name\` from \`users\` where \`users\`.\`age\` > 3

routines:
  function f: CREATE FUNCTION f(a int, b varchar(10)) RETURNS int DETERMINISTIC return a + 1

triggers:
  users.tr: CREATE TRIGGER tr BEFORE INSERT ON users FOR EACH ROW set new.t = 'x'
`,
  },
};

test.each(databases.dialects)("on %s, what others made is read as it is", async (dialect) => {
  const { statements, dump } = cases[dialect];
  await databases.with(dialect, async (session) => {
    for (const sql of statements) await session.raw(sql);
    const live = await readSchema(session, dialect);
    expect(formatSchema(live)).toBe(`studio: schema/v1\ndialect: ${dialect}\n${dump}`);
  });
});

test.runIf(databases.dialects.includes("mysql"))(
  "on MariaDB, a check that is part of a column changes with it",
  async () => {
    await databases.with("mysql", async (session) => {
      await session.raw("CREATE TABLE t (a int CHECK (a > 0), b int CHECK (b > 0), c json)");
      const live = await readSchema(session, "mysql");
      const text = `
studio: schema/v1
dialect: mysql
tables:
  t:
    columns: {a: int, b: bigint, c: json}
    checks: {b: {expression: b > 0, column: b}}
`;
      const declared = parseSchema(text, "schema.yaml");
      const migration = generateMigration({ live, declared });
      await apply(session, migration, "up");
      expect(compareSchemas(declared, await readSchema(session, "mysql"))).toEqual([]);
      await apply(session, migration, "down");
      expect(compareSchemas(live, await readSchema(session, "mysql"))).toEqual([]);
    });
  },
);
