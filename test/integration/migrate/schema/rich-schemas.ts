import type { Dialect } from "../../../../src/database/address.ts";

const sqlite = {
  before: `
studio: schema/v1
dialect: sqlite
tables:
  users:
    columns:
      id: integer autoincrement
      Email: varchar(200) not null collate nocase
      age: int
      twice: int generated always as (age * 2) stored
      half: real generated always as (age / 2.0) virtual
      team_id: integer references teams(id) on delete cascade
    primary key: id
    unique: [Email, {users_age: [age, team_id]}]
    checks: [age > 0, {users_old: age < 150}]
    indexes: {users_lower: {columns: [lower(Email), age desc], where: age is not null}}
  teams:
    columns: {id: integer, name: text not null on conflict ignore, "order": text}
    primary key: {name: teams_key, columns: [id]}
    unique: [{columns: name, on conflict: replace}]
  pairs:
    columns: {a: text not null, b: integer not null, c: any}
    primary key: [a collate nocase, b desc]
    options: {without rowid: true, strict: true}
  log: {columns: {at: text default current_timestamp, body: "", n: "integer default (1 + 2)"}}
views:
  adults: select id, Email from users where age > 17
  named: {view: "select id, name from teams", columns: [x, y]}
  nested: select Email from adults
  words: {virtual: "fts5(body, title)"}
triggers:
  users.noted: CREATE TRIGGER noted AFTER INSERT ON users BEGIN INSERT INTO log (body) VALUES (new.Email); END
  adults.refused: CREATE TRIGGER refused INSTEAD OF INSERT ON adults BEGIN SELECT raise(abort, 'no'); END
`,
  after: `
studio: schema/v1
dialect: sqlite
tables:
  users:
    columns:
      id: integer autoincrement
      Email: text not null
      age: int default 18
      twice: int generated always as (age * 3) stored
      team_id: integer
      Nick Name: text not null default ''
      born: date
    primary key: id
    foreign keys: [{users_team: team_id -> teams(id) on update cascade deferrable}]
    indexes: {users_lower: lower(Email), users_nick: {columns: Nick Name, unique: true}}
    checks: [{users_old: age < 120}]
  teams:
    columns: {id: integer, name: text, "order": integer not null}
    primary key: id
  pairs:
    columns: {a: text not null, b: integer not null}
    primary key: [a, b]
  log: {columns: {at: text default current_timestamp, body: "", n: "integer default (1 + 2)", more: text}}
  fresh: {columns: {id: integer primary key, log_n: integer references users(id)}}
views:
  adults: select id, Email, age from users where age > 20
  nested: select Email from adults
  words: {virtual: "fts5(body)"}
triggers:
  users.noted: CREATE TRIGGER noted AFTER UPDATE ON users BEGIN INSERT INTO log (body) VALUES (new.Email); END
  teams.counted: CREATE TRIGGER counted AFTER DELETE ON teams BEGIN DELETE FROM users WHERE team_id = old.id; END
`,
};

const mysql = {
  before: `
studio: schema/v1
dialect: mysql
sequences: {numbers: start with 10 increment by 2}
tables:
  users:
    columns:
      id: {type: int unsigned auto_increment, comment: "It's a number"}
      Email: varchar(200) not null collate utf8mb4_bin
      age: tinyint unsigned default 18
      twice: int generated always as (age * 2) stored
      half: int generated always as (age div 2) virtual
      team_id: int
      body: text
      kind: enum('a', 'b') not null default 'a'
      data: json
      changed_at: {type: timestamp not null default now(), on update: now()}
    primary key: id
    unique: {users_email: Email, users_age: [age, team_id]}
    indexes:
      users_body: {columns: body(20), comment: The beginning}
      users_words: {columns: body, using: fulltext}
      users_twice: [twice, age]
    foreign keys: {users_team: team_id -> teams(id) on delete set null}
    checks: {users_adult: age > 17 or age is null}
    comment: People
  teams:
    columns: {id: int, name: varchar(20) not null, boss: int unsigned}
    primary key: id
    foreign keys: {teams_boss: boss -> users(id)}
    options: {collation: utf8mb4_bin}
  pairs:
    columns: {a: int, b: int, "select": varchar(10)}
    primary key: [a, b]
    indexes: {"a b": a}
  parts:
    columns: {id: int, y: int}
    primary key: [id, y]
    partition by: RANGE (y) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)
views:
  adults: select id, Email from users
routines:
  function half: CREATE FUNCTION half(\`a\` int) RETURNS int DETERMINISTIC return a div 2
  procedure nothing: CREATE PROCEDURE nothing() begin select 1; end
triggers:
  users.noted: CREATE TRIGGER noted BEFORE INSERT ON users FOR EACH ROW set new.body = 'x'
`,
  after: `
studio: schema/v1
dialect: mysql
sequences: {numbers: start with 10 increment by 3 cycle, more: bigint}
tables:
  users:
    columns:
      id: bigint unsigned auto_increment
      Email: varchar(100) not null
      age: smallint unsigned default 20
      twice: int generated always as (age * 3) stored
      half: int
      team_id: bigint
      body: mediumtext
      kind: enum('b', 'c') not null default 'b'
      data: longtext
      changed_at: {type: datetime(3) not null default now(3), comment: Lately}
      nick: varchar(20) not null
    primary key: id
    unique: {users_mail: Email}
    indexes:
      users_body: body(30)
      users_twice: twice desc
      users_team_idx: [team_id, age]
    foreign keys: {users_team: team_id -> teams(id) on delete cascade}
    checks: {users_adult: age > 20 or age is null}
  teams:
    columns: {id: bigint auto_increment, name: varchar(20) not null, boss: bigint unsigned}
    primary key: id
    indexes: {teams_boss_idx: boss}
    foreign keys: {teams_boss: boss -> users(id)}
    options: {row_format: compressed}
    comment: "It's them"
  pairs:
    columns: {a: int, b: int, "select": char(10)}
    primary key: [b, a]
    unique: [select]
  parts:
    columns: {id: int, y: int}
    primary key: [id, y]
views:
  adults: select id, Email, age from users
  more_adults: select id from adults
routines:
  function half: CREATE FUNCTION half(\`a\` int) RETURNS int DETERMINISTIC return a / 2
triggers:
  users.noted: CREATE TRIGGER noted BEFORE UPDATE ON users FOR EACH ROW set new.body = 'y'
  teams.kept: CREATE TRIGGER kept BEFORE DELETE ON teams FOR EACH ROW set @kept = 1
`,
};

const postgres = {
  before: `
studio: schema/v1
dialect: postgres
schemas: [audit]
extensions: [btree_gist]
types:
  mood: {enum: [sad, ok]}
  size: {enum: [small, medium, large]}
  Weird Type: {enum: [a]}
  email: {domain: "text not null", checks: {email_check: VALUE ~ '@'}, comment: An address}
  point2: {composite: {x: int, y: text collate "C"}}
sequences:
  numbers: bigint start with 100 increment by 5
  old_numbers: integer
tables:
  users:
    columns:
      id: bigserial
      mail: email
      mood: mood not null default 'sad'
      size: size default 'small'
      odd: '"Weird Type"'
      tags: text[] not null default '{}'
      place: point2
      number: bigint default nextval('numbers'::regclass)
      price: numeric(10, 2) not null default 0
      double: numeric generated always as (price * 2) stored
      created_at: {type: timestamptz not null default now(), comment: When it began}
      note: text
      deleted_at: timestamptz
    primary key: id
    unique:
      users_mail_key: mail
      users_number_note: {columns: [number, note], deferrable: initially deferred}
    indexes:
      users_created_at_idx: created_at desc
      users_mood_idx: {columns: mood, where: mood <> 'ok'}
      users_tags_idx: {columns: tags, using: gin, options: {fastupdate: off}}
      users_note_idx: {columns: note text_pattern_ops, include: [price], comment: For prefixes}
      users_lower_idx: lower(note) desc nulls last
    checks:
      users_price_check: {expression: price >= 0, comment: Nothing is free}
    row security:
      enabled: true
      policies:
        own: {for: select, to: [public], using: price > 1}
        gone: {restrictive: true, using: deleted_at is null}
    options: {fillfactor: 90}
    comment: People
  teams:
    columns:
      id: int not null identity always (start with 10)
      lead: bigint
      name: varchar(20) not null
      parent: int
    primary key: {name: teams_key, columns: id}
    foreign keys:
      teams_lead_fkey: lead -> users(id) on delete set null
      teams_parent_fkey: parent -> teams(id)
  members:
    columns:
      user_id: bigint
      team_id: int
      period: int4range
      role: text default 'member'
    primary key: [user_id, team_id]
    foreign keys:
      - user_id -> users(id) on delete cascade
      - team_id -> teams(id) on delete cascade deferrable initially deferred
    exclusions:
      members_once: EXCLUDE USING gist (user_id WITH =, period WITH &&)
  audit.events:
    columns: {at: timestamptz not null, user_id: bigint, body: "jsonb not null default '{}'"}
    partition by: range (at)
    indexes: {events_user_id_idx: user_id}
    foreign keys: {events_user_fkey: user_id -> users(id)}
  audit.events_2024:
    partition of: audit.events FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00')
  scratch:
    columns: {id: int identity, Key: text}
    options: {unlogged: true}
views:
  active_users: select id, mail from users where deleted_at is null
  active_mails: select mail from active_users
  totals:
    materialized: select count(*) as n from users
    indexes: {totals_n_idx: {columns: n, unique: true}}
    comment: Now and then
routines:
  touch():
    definition: |
      CREATE OR REPLACE FUNCTION touch()
       RETURNS trigger
       LANGUAGE plpgsql
      AS $function$ begin new.note := 'touched'; return new; end $function$
    comment: Leaves a note
  half(numeric): |
    CREATE OR REPLACE FUNCTION half(amount numeric)
     RETURNS numeric
     LANGUAGE sql
     IMMUTABLE
    AS $function$ select amount / 2 $function$
  first_user(): |
    CREATE OR REPLACE FUNCTION first_user()
     RETURNS users
     LANGUAGE sql
    AS $function$ select * from users order by id limit 1 $function$
triggers:
  users.touch_users: CREATE TRIGGER touch_users BEFORE UPDATE OF price ON users FOR EACH ROW EXECUTE FUNCTION touch()
`,
  after: `
studio: schema/v1
dialect: postgres
schemas: [archive, audit]
extensions: [btree_gist, pg_trgm]
types:
  mood: {enum: [awful, sad, ok, happy]}
  size: {enum: [large, small]}
  Weird Type: {enum: [a, it's]}
  email: {domain: "text default 'x@y'", checks: {email_long: length(VALUE) > 2}}
  point2: {composite: {x: int, y: text collate "C", z: int}}
sequences:
  numbers: bigint start with 100 increment by 7 cycle
  more_numbers: smallint
tables:
  users:
    columns:
      id: bigint not null identity
      mail: email
      mood: mood not null default 'ok'
      size: size not null default 'large'
      odd: '"Weird Type"'
      tags: text[] not null
      place: point2
      number: int
      price: numeric(12, 2) not null default 1.5
      double: numeric generated always as (price * 3) stored
      created_at: {type: timestamptz default now(), comment: When it started}
      note: varchar(100)
      score: double precision not null
      nick: text not null default 'it''s'
    primary key: id
    unique:
      users_nick_key: nick
      users_mail_key: {columns: mail, include: [nick]}
    indexes:
      users_born_idx: created_at desc
      users_mood_idx: {columns: mood, where: "mood in ('ok', 'happy')"}
      users_tags_idx: {columns: tags, using: gin}
      users_note_idx: {columns: note varchar_pattern_ops, include: [price]}
      users_trgm_idx: {columns: nick gin_trgm_ops, using: gin}
    checks:
      users_price_check: price > 0
      users_nick_check: length(nick) between 2 and 20
    row security:
      enabled: true
      forced: true
      policies:
        own: {for: select, to: [public], using: price > 2}
        new: {for: insert, check: price < 1000}
    options: {fillfactor: 80, autovacuum_enabled: off}
  teams:
    columns:
      id: int not null identity (start with 10 cycle)
      lead: bigint not null
      name: text not null
      nick: text
    primary key: id
    foreign keys:
      teams_lead_fkey: lead -> users(id) on delete cascade
      teams_nick_fkey: nick -> users(nick) on update cascade
  members:
    columns:
      user_id: bigint
      team_id: bigint
      period: int4range
      role: text default 'guest'
      rank: smallserial
    primary key: [team_id, user_id]
    foreign keys:
      - user_id -> users(id) on delete cascade
  audit.events:
    columns: {at: timestamptz not null, user_id: bigint, body: "jsonb not null default '{}'", kind: text}
    partition by: range (at)
    indexes: {events_kind_idx: [kind, at]}
    checks: {events_kind_check: kind <> ''}
  audit.events_2024:
    partition of: audit.events FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00')
    indexes: {events_2024_body_idx: {columns: body, using: gin}}
  audit.events_rest:
    partition of: audit.events DEFAULT
  archive.users:
    columns: {id: int, Order: text default 'x'}
    unique: [[id, Order]]
  scratch:
    columns: {id: bigserial, Key: text}
views:
  active_users: {view: "select id, mail, nick from users where price > 1", options: {security_barrier: true}}
  active_mails: select mail from active_users
  totals:
    materialized: select count(*) as n from users
    indexes: {totals_n_idx: n}
routines:
  touch(): |
    CREATE OR REPLACE FUNCTION touch()
     RETURNS trigger
     LANGUAGE plpgsql
    AS $function$ begin new.note := 'touched again'; return new; end $function$
  half(numeric): |
    CREATE OR REPLACE FUNCTION half(value numeric)
     RETURNS double precision
     LANGUAGE sql
     IMMUTABLE
    AS $function$ select value / 2 $function$
triggers:
  users.touch_users:
    definition: CREATE TRIGGER touch_users BEFORE UPDATE OF price, nick ON users FOR EACH ROW EXECUTE FUNCTION touch()
    enabled: always
  teams.touch_teams: CREATE TRIGGER touch_teams AFTER INSERT ON teams FOR EACH ROW EXECUTE FUNCTION touch()
`,
};

/** Pairs of schemas as someone writes them, with much that differs between the two. */
export const richSchemas: Record<Dialect, { before: string; after: string }> = {
  sqlite,
  mysql,
  postgres,
};
