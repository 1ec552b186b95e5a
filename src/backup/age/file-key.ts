import { createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";

const keyBytes = 32;

export const payloadNonceBytes = 16;

/**
 * A key for HMAC or a cipher (HKDF-SHA-256, RFC 5869). It is a key object because Node, given
 * bytes, takes 10 µs each time to find out that they are none: a third of the time of a chunk.
 */
export function deriveKey(input: Buffer, salt: string | Uint8Array, purpose: string): KeyObject {
  const bytes = hkdfSync("sha256", createSecretKey(input), salt, purpose, keyBytes);
  return createSecretKey(Buffer.from(bytes));
}

/** Authenticates the header: HMAC-SHA-256 up to and with the mark of its last line. */
export function headerMac(fileKey: Buffer, covered: string | Uint8Array): Buffer {
  return createHmac("sha256", deriveKey(fileKey, "", "header"))
    .update(covered)
    .digest();
}

/** @param nonce the 16 bytes before the first chunk */
export function payloadKey(fileKey: Buffer, nonce: Uint8Array): KeyObject {
  return deriveKey(fileKey, nonce, "payload");
}
