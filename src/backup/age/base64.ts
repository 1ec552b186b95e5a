/** Base64 without padding (RFC 4648, section 4), the only form an age header knows. */
export function encodeBase64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

/** Null unless `text` is the one canonical form of some bytes (RFC 4648, section 3.5). */
export function decodeBase64(text: string): Buffer | null {
  // Node itself skips what it does not know; only the canonical form comes back the same.
  const bytes = Buffer.from(text, "base64");
  return encodeBase64(bytes) === text ? bytes : null;
}
