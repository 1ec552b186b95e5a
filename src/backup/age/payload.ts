import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { damaged } from "../failures.ts";
import { release } from "../format/release.ts";

export const cipherName = "chacha20-poly1305";
export const nonceBytes = 12;
export const tagBytes = 16;
export const cipherOptions = { authTagLength: tagBytes };

/** Bytes of content in each chunk but the last. */
export const chunkBytes = 64 * 1024;
const sealedChunkBytes = chunkBytes + tagBytes;

/** Bytes of the chunks of `length` bytes of content; no content is one empty chunk. */
export function payloadLength(length: number): number {
  return length + tagBytes * Math.max(1, Math.ceil(length / chunkBytes));
}

/**
 * Writes the chunks of `plain` (STREAM with ChaCha20-Poly1305) into `into` from `start` on.
 * @param key used for this payload alone
 * @returns where they end
 */
export function encryptPayload(
  key: KeyObject,
  plain: Uint8Array,
  into: Uint8Array,
  start: number,
): number {
  const nonce = createNonce();
  let to = start;
  for (let from = 0, last = false; !last; from += chunkBytes) {
    const end = from + chunkBytes;
    last = end >= plain.length;
    const cipher = createCipheriv(cipherName, key, nonce.next(last), cipherOptions);
    // A cipher of Node returns memory of its own; this copy is the only one.
    const sealed = cipher.update(plain.subarray(from, end));
    cipher.final();
    into.set(sealed, to);
    into.set(cipher.getAuthTag(), to + sealed.length);
    to += sealed.length + tagBytes;
    release(sealed);
  }
  return to;
}

/**
 * Writes the content of the chunks that fill `sealed` from `start` on into `into`, each once it
 * was found authentic. `into` may be the memory of `sealed`.
 * @returns bytes of content
 * @throws StudioError (damage) for a changed, missing, added or misplaced chunk
 */
export function decryptPayload(
  key: KeyObject,
  sealed: Uint8Array,
  start: number,
  into: Uint8Array,
): number {
  const nonce = createNonce();
  let to = 0;
  for (let from = start, last = false; !last; from += sealedChunkBytes) {
    const end = Math.min(from + sealedChunkBytes, sealed.length);
    last = end === sealed.length;
    const tagStart = end - tagBytes;
    if (tagStart < from || (tagStart === from && from > start)) throw cut();
    const decipher = createDecipheriv(cipherName, key, nonce.next(last), cipherOptions);
    decipher.setAuthTag(sealed.subarray(tagStart, end));
    const plain = decipher.update(sealed.subarray(from, tagStart));
    try {
      decipher.final();
    } catch {
      throw damaged(`An encrypted object is changed or cut at byte ${from} of ${sealed.length}.`);
    }
    into.set(plain, to);
    to += plain.length;
    release(plain);
  }
  return to;
}

/** The number of the chunk in 11 bytes, big-endian, and whether it is the last in one. */
function createNonce(): { next(last: boolean): Buffer } {
  const nonce = Buffer.alloc(nonceBytes);
  let number = 0;
  return {
    next(last) {
      nonce.writeUIntBE(number, nonceBytes - 1 - 6, 6);
      nonce[nonceBytes - 1] = last ? 1 : 0;
      number += 1;
      return nonce;
    },
  };
}

function cut(): Error {
  return damaged("An encrypted object ends in the middle of a chunk.");
}
