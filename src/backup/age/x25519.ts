import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";

/** Bytes of a secret scalar, a public point and a shared secret (RFC 7748). */
export const keyBytes = 32;

export interface KeyPair {
  key: KeyObject;
  /** The public point. */
  share: Buffer;
}

/** What precedes the 32 bytes of a secret in PKCS #8 (RFC 8410, section 7). */
const privateKeyPrefix = Buffer.from("302e020100300506032b656e04220420", "hex");

export function publicKeyOf(share: Uint8Array): KeyObject {
  const x = Buffer.from(share.buffer, share.byteOffset, share.length).toString("base64url");
  // Four times as fast as reading the same key from SPKI.
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
}

export function keyPairOf(secret: Uint8Array): KeyPair {
  const encoded = Buffer.concat([privateKeyPrefix, secret]);
  return withShare(createPrivateKey({ key: encoded, format: "der", type: "pkcs8" }));
}

export function generateKeyPair(): KeyPair {
  return withShare(generateKeyPairSync("x25519").privateKey);
}

/** Null for a point of low order, whose secret would be all zeros (RFC 7748, section 6.1). */
export function sharedSecret(privateKey: KeyObject, publicKey: KeyObject): Buffer | null {
  try {
    const secret = diffieHellman({ privateKey, publicKey });
    return secret.some((byte) => byte !== 0) ? secret : null;
  } catch {
    // OpenSSL refuses such a point itself; with two X25519 keys nothing else can go wrong.
    return null;
  }
}

function withShare(key: KeyObject): KeyPair {
  return { key, share: Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url") };
}
