import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** A key as its owner is told it, once. */
export interface KeyText {
  /** The public part: names the key in lists, logs and metrics. */
  id: string;
  /** The whole key: what is sent as `Authorization: Bearer …`. */
  key: string;
  /** SHA-256 of the whole key, in hexadecimal. */
  hash: string;
}

/** RFC 4648 base32 in lower case. */
const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

const form = /^studio_([a-z2-7]{12})_[A-Za-z0-9_-]{43}$/;

/** A new random id of a key: 12 characters, 60 bits. */
export function createKeyId(): string {
  return Array.from(randomBytes(12), (byte) => alphabet[byte % 32]).join("");
}

/** A new key: `studio_`, its id, `_`, and 256 random bits in base64url. */
export function createKey(id: string = createKeyId()): KeyText {
  const key = `studio_${id}_${randomBytes(32).toString("base64url")}`;
  return { id, key, hash: hashKey(key).toString("hex") };
}

/** The id within a key; null for a text that no key of this kind can be. */
export function idOfKey(key: string): string | null {
  return form.exec(key)?.[1] ?? null;
}

/**
 * What is kept of a key. A slow hash (scrypt, Argon2) makes guessing a password dear; of 256 random
 * bits nothing can be guessed, however fast a hash is, and every request has to be hashed.
 */
export function hashKey(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** Takes as long whatever the key is. @param hash hexadecimal */
export function matchesHash(key: string, hash: string): boolean {
  const known = Buffer.from(hash, "hex");
  const given = hashKey(key);
  return known.length === given.length && timingSafeEqual(known, given);
}
