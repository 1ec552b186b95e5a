import type { Knex } from "knex";
import type { Role } from "./role.ts";

export const keyTable = "studio_api_keys";

/** A key without its text, as it is kept. All times are UTC, ISO 8601. */
export interface StoredKey {
  id: string;
  name: string;
  role: Role;
  createdAt: string;
  /** To the minute; null while it was not used. */
  lastUsedAt: string | null;
  /** Null: never. */
  expiresAt: string | null;
  revokedAt: string | null;
  /** Id of the key that it was made to take the place of. */
  replaces: string | null;
}

export interface NewKeyRow
  extends Pick<StoredKey, "id" | "name" | "role" | "createdAt" | "expiresAt" | "replaces"> {
  /** SHA-256 of the whole key, in hexadecimal. */
  hash: string;
}

interface KeyRow {
  id: string;
  name: string;
  role: Role;
  hash: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  revoked_at: string | null;
  replaces: string | null;
}

/** A key's use is written down at most once in so many milliseconds. */
const useGranularity = 60_000;

/** The keys in an environment's database. */
export class KeyStore {
  readonly #database: Knex;

  constructor(database: Knex) {
    this.#database = database;
  }

  /** All keys, the oldest first, with those that are no longer valid. */
  async list(): Promise<StoredKey[]> {
    const rows: KeyRow[] = await this.#rows().orderBy(["created_at", "id"]);
    return rows.map(presented);
  }

  /** Null where there is none of that id. */
  async find(id: string): Promise<(StoredKey & { hash: string }) | null> {
    const row: KeyRow | undefined = await this.#rows().where({ id }).first();
    return row === undefined ? null : { ...presented(row), hash: row.hash };
  }

  /** Adds a key, or puts another in the place of the one that has its id. */
  async put({ createdAt, expiresAt, ...row }: NewKeyRow): Promise<void> {
    const columns = { ...row, created_at: createdAt, expires_at: expiresAt };
    await this.#rows().insert(columns).onConflict("id").merge();
  }

  async remove(id: string): Promise<void> {
    await this.#rows().where({ id }).delete();
  }

  /** @param expiresAt null: never */
  async expire(id: string, expiresAt: string | null): Promise<void> {
    await this.#rows().where({ id }).update({ expires_at: expiresAt });
  }

  /** @param revokedAt null: it is valid again */
  async revoke(id: string, revokedAt: string | null): Promise<void> {
    await this.#rows().where({ id }).update({ revoked_at: revokedAt });
  }

  /** Notes that a key was used; writes nothing where that was noted within the last minute. */
  async noteUse(id: string, now: Date): Promise<void> {
    const before = new Date(now.getTime() - useGranularity).toISOString();
    await this.#rows()
      .where({ id })
      .where((row) => void row.whereNull("last_used_at").orWhere("last_used_at", "<=", before))
      .update({ last_used_at: now.toISOString() });
  }

  #rows() {
    return this.#database<KeyRow>(keyTable);
  }
}

export type KeyState = "valid" | "expired" | "revoked";

export function stateOfKey(key: Pick<StoredKey, "expiresAt" | "revokedAt">, now: Date): KeyState {
  if (key.revokedAt !== null) return "revoked";
  const isOver = key.expiresAt !== null && Date.parse(key.expiresAt) <= now.getTime();
  return isOver ? "expired" : "valid";
}

function presented(row: KeyRow): StoredKey {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    replaces: row.replaces,
  };
}
