import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { damaged } from "../failures.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { deriveKey } from "./file-key.ts";
import type { Stanza } from "./header.ts";
import type { Identity } from "./identity.ts";
import { cipherName, cipherOptions, nonceBytes, tagBytes } from "./payload.ts";
import type { Recipient } from "./recipient.ts";
import { generateKeyPair, keyBytes, publicKeyOf, sharedSecret } from "./x25519.ts";

export const fileKeyBytes = 16;

const kind = "X25519";
const purpose = "age-encryption.org/v1/X25519";
/** Each wrapping key is used once. */
const nonce = Buffer.alloc(nonceBytes);

/** Wraps the file key for one recipient, with a key pair made for this alone. */
export function wrapFileKey(fileKey: Buffer, recipient: Recipient): Stanza {
  const ephemeral = generateKeyPair();
  const secret = sharedSecret(ephemeral.key, recipient.key);
  if (secret === null) throw new Error(`The recipient ${recipient.text} has a key of low order.`);
  const key = wrappingKey(secret, ephemeral.share, recipient.share);
  const cipher = createCipheriv(cipherName, key, nonce, cipherOptions);
  const wrapped = cipher.update(fileKey);
  cipher.final();
  return {
    arguments: [kind, encodeBase64(ephemeral.share)],
    body: Buffer.concat([wrapped, cipher.getAuthTag()]),
  };
}

/**
 * The file key, or null if no stanza is for one of the identities.
 * @throws StudioError (damage) for an X25519 stanza out of form, whomever it is for
 */
export function unwrapFileKey(
  stanzas: readonly Stanza[],
  identities: readonly Identity[],
): Buffer | null {
  // It would let whoever knows the passphrase pass for the sender of the whole.
  if (stanzas.length > 1 && stanzas.some((stanza) => stanza.arguments[0] === "scrypt")) {
    throw damaged("The header of an encrypted object mixes a passphrase with other keys.");
  }
  // All are read before one is tried, so that damage does not depend on who reads.
  const shares = stanzas.filter((stanza) => stanza.arguments[0] === kind).map(shareOf);
  for (const { share, body } of shares) {
    const publicKey = publicKeyOf(share);
    for (const identity of identities) {
      const secret = sharedSecret(identity.key, publicKey);
      if (secret === null) throw malformed();
      const fileKey = unwrap(body, wrappingKey(secret, share, identity.share));
      if (fileKey !== null) return fileKey;
    }
  }
  return null;
}

function shareOf(stanza: Stanza): { share: Buffer; body: Buffer } {
  const share = decodeBase64(stanza.arguments[1] ?? "");
  // The length is checked first: see “partitioning oracle attacks” in the specification.
  if (
    stanza.arguments.length !== 2 ||
    share?.length !== keyBytes ||
    stanza.body.length !== fileKeyBytes + tagBytes
  ) {
    throw malformed();
  }
  return { share, body: stanza.body };
}

function unwrap(body: Buffer, key: KeyObject): Buffer | null {
  const decipher = createDecipheriv(cipherName, key, nonce, cipherOptions);
  decipher.setAuthTag(body.subarray(fileKeyBytes));
  const fileKey = decipher.update(body.subarray(0, fileKeyBytes));
  try {
    decipher.final();
  } catch {
    return null;
  }
  return fileKey;
}

function wrappingKey(secret: Buffer, ephemeralShare: Buffer, recipientShare: Buffer) {
  return deriveKey(secret, Buffer.concat([ephemeralShare, recipientShare]), purpose);
}

function malformed(): Error {
  return damaged("A recipient in the header of an encrypted object cannot be read.");
}
