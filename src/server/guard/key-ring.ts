import { createHash, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import { hashKey, idOfKey, matchesHash } from "../../keys/api-key.ts";
import { type KeyStore, type StoredKey, stateOfKey } from "../../keys/key-store.ts";
import type { Role } from "../../keys/role.ts";
import { RequestError } from "../request-error.ts";

/** Whose key it is. */
export interface KeyHolder {
  id: string;
  role: Role;
}

export interface KeyRingOptions {
  /** Keys of the configuration, in the clear; they are admins. */
  configured: readonly string[];
  store: Pick<KeyStore, "find" | "noteUse">;
  now: () => Date;
  /** Told, without any secret, that the store did not answer. */
  failed(error: unknown): void;
}

type Known = StoredKey & { hash: string };

interface Kept {
  known: Known;
  /** When the store was last asked, and when it last answered; of `performance.now()`. */
  askedAt: number;
  answeredAt: number;
}

/** What the store said of a key holds for so many milliseconds: then a revoked one is noticed. */
const freshness = 1000;
/** How long an answer is waited for, in milliseconds, where an older one is there. */
const patience = 500;
/** A store that does not answer cannot revoke either: keys go on working, but not for ever. */
const longestTrust = 10 * 60_000;

/** Knows the keys of the API: those of the configuration, and those in the database. */
export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #configured: readonly Buffer[];
  readonly #kept = new LRUCache<string, Kept>({ max: 10_000 });
  readonly #asking = new Map<string, Promise<Known | null>>();
  readonly #notedAt = new LRUCache<string, number>({ max: 10_000 });

  constructor(options: KeyRingOptions) {
    this.#options = options;
    this.#configured = options.configured.map(hashKey);
  }

  /**
   * @throws RequestError `auth.invalid`, `auth.expired`, `auth.revoked` (401), `auth.unavailable`
   *   (503: the database cannot be asked)
   */
  async identify(key: string): Promise<KeyHolder> {
    const given = hashKey(key);
    // All of them, always: how long it takes must not tell which key was nearly right.
    const matches = this.#configured.map((one) => timingSafeEqual(one, given));
    const at = matches.indexOf(true);
    if (at >= 0) return { id: `configured-${at + 1}`, role: "admin" };
    const id = idOfKey(key);
    const known = id === null ? null : await this.#find(id);
    const isRight = matchesHash(key, known?.hash ?? noHash);
    if (known === null || !isRight) throw refused("invalid", "The API key is not known.");
    const now = this.#options.now();
    const state = stateOfKey(known, now);
    if (state !== "valid") throw refused(state, `The API key ${known.id} is ${state}.`);
    this.#noteUse(known, now);
    return { id: known.id, role: known.role };
  }

  async #find(id: string): Promise<Known | null> {
    const kept = this.#kept.get(id);
    const now = performance.now();
    if (kept !== undefined && now - kept.askedAt < freshness) return kept.known;
    const asking = this.#ask(id);
    if (kept === undefined || now - kept.answeredAt > longestTrust) return await asking;
    kept.askedAt = now;
    return await within(patience, asking).catch(() => kept.known);
  }

  /** One question at a time for each key, whatever number of requests waits for the answer. */
  #ask(id: string): Promise<Known | null> {
    let asking = this.#asking.get(id);
    if (asking === undefined) {
      asking = this.#question(id).finally(() => this.#asking.delete(id));
      this.#asking.set(id, asking);
    }
    return asking;
  }

  async #question(id: string): Promise<Known | null> {
    const askedAt = performance.now();
    let known: Known | null;
    try {
      known = await this.#options.store.find(id);
    } catch (error) {
      this.#options.failed(error);
      throw new RequestError(503, "auth.unavailable", "The API key cannot be looked up now.", {
        hint: "See GET /health for the state of the database.",
        retryAfter: 5,
      });
    }
    if (known === null) this.#kept.delete(id);
    else this.#kept.set(id, { known, askedAt, answeredAt: askedAt });
    return known;
  }

  /** In the background: no answer waits for it, and none fails because of it. */
  #noteUse({ id, lastUsedAt }: Known, now: Date): void {
    const noted = this.#notedAt.get(id) ?? Date.parse(lastUsedAt ?? "");
    if (now.getTime() - noted < 60_000) return;
    this.#notedAt.set(id, now.getTime());
    this.#options.store.noteUse(id, now).catch((error: unknown) => this.#options.failed(error));
  }
}

/** Of a key that nobody has: comparing with it takes as long as with any other. */
const noHash = createHash("sha256").update("").digest("hex");

function refused(reason: "invalid" | "expired" | "revoked", message: string): RequestError {
  return new RequestError(401, `auth.${reason}`, message);
}

async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
