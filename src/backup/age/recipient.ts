import type { KeyObject } from "node:crypto";
import { type StudioError, usageError } from "../../errors.ts";
import { decodeBech32, encodeBech32 } from "./bech32.ts";
import { generateKeyPair, keyBytes, publicKeyOf, sharedSecret } from "./x25519.ts";

/** Whom a file is encrypted to; it can only be opened with the identity that belongs to it. */
export interface Recipient {
  /** `age1…`, in lower case; public. */
  text: string;
  share: Buffer;
  key: KeyObject;
}

const prefix = "age";
const howToMake = "age-keygen -o key.txt makes a key and prints its recipient.";

/**
 * Reads one X25519 recipient (age1…, C2SP age).
 * @throws StudioError (usage) for all else; what may be a secret is not repeated
 */
export function parseRecipient(text: string): Recipient {
  const trimmed = text.trim();
  const decoded = decodeBech32(trimmed);
  if (decoded?.prefix !== prefix) throw refused(trimmed, decoded?.prefix.toLowerCase());
  if (decoded.bytes.length !== keyBytes) {
    throw usageError(`The recipient "${trimmed}" has not the length of a key.`, howToMake);
  }
  const key = publicKeyOf(decoded.bytes);
  // Found now, because every backup would fail later.
  if (sharedSecret(generateKeyPair().key, key) === null) {
    throw usageError(`The recipient "${trimmed}" is no usable public key.`, howToMake);
  }
  return { text: trimmed, share: decoded.bytes, key };
}

export function recipientText(share: Uint8Array): string {
  return encodeBech32(prefix, share);
}

function refused(text: string, foundPrefix: string | undefined): StudioError {
  if (/AGE-(SECRET-KEY|PLUGIN)-|PRIVATE KEY/i.test(text)) {
    return usageError(
      "A secret key was given where a recipient, which is public, belongs.",
      "Give the age1… of the line “# public key:” of its file. If the place it was written to " +
        "can be read by others, make a new key.",
    );
  }
  const ssh = /^(ssh-[a-z0-9]+|(sk-)?ecdsa-sha2-\S+|sk-ssh-\S+)\s/.exec(text)?.[1];
  if (ssh !== undefined) {
    return usageError(
      `The recipient is an SSH key (${ssh}); studio encrypts to age keys only.`,
      howToMake,
    );
  }
  if (/^age1pq1/i.test(text) || foundPrefix === "age1pq") {
    return usageError(
      "The recipient is a post-quantum key, which studio cannot encrypt to.",
      `Use an X25519 one. ${howToMake}`,
    );
  }
  const plugin = /^age1([a-z0-9+._-]+)$/i.exec(foundPrefix ?? "")?.[1];
  if (plugin !== undefined) {
    return usageError(
      `The recipient belongs to the age plugin ${plugin}; studio uses no plugins.`,
      `Use an X25519 one. ${howToMake}`,
    );
  }
  if (text.startsWith("age1")) {
    const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
    return usageError(`The recipient "${shown}" is mistyped or cut.`, howToMake);
  }
  const why = text.startsWith("AGE1") ? "be in lower case" : "start with age1";
  return usageError(`What was given is not an age recipient: it must ${why}.`, howToMake);
}
