import { randomBytes, type KeyObject } from "node:crypto";
import { type StudioError, usageError } from "../../errors.ts";
import { decodeBech32, encodeBech32 } from "./bech32.ts";
import { recipientText } from "./recipient.ts";
import { type KeyPair, keyBytes, keyPairOf } from "./x25519.ts";

/** The secret half: opens what was encrypted to its recipient. Its text is never kept. */
export interface Identity {
  /** `age1…`; public. */
  recipient: string;
  share: Buffer;
  key: KeyObject;
}

const prefix = "AGE-SECRET-KEY-";

/** A new X25519 key in its two textual forms; only `recipient` is public. */
export function generateIdentity(): { identity: string; recipient: string } {
  const secret = randomBytes(keyBytes);
  const identity = encodeBech32(prefix.toLowerCase(), secret).toUpperCase();
  return { identity, recipient: recipientText(keyPairOf(secret).share) };
}

/**
 * The text of an identity file as age-keygen writes it. It holds the secret: keep it out of logs
 * and give its file mode 0600.
 */
export function identityFileText(
  { identity, recipient }: { identity: string; recipient: string },
  created: Date,
): string {
  const time = created.toISOString().replace(/\.\d+/, "");
  return `# created: ${time}\n# public key: ${recipient}\n${identity}\n`;
}

/**
 * Reads the identities of a file: one per line, beside comments (#) and empty lines.
 * @param source the file's name, for messages; its content is never in one
 * @throws StudioError (usage) for a line that is none, and where there is none at all
 */
export function parseIdentityFile(text: string, source: string): Identity[] {
  if (/^(age-encryption\.org\/|-----BEGIN AGE ENCRYPTED FILE)/.test(text)) {
    throw usageError(
      `The identity file ${source} is itself encrypted.`,
      `Decrypt it first, to a place only you can read: age -d ${source} > key.txt`,
    );
  }
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY/.test(text)) {
    throw usageError(
      `${source} holds an SSH or TLS key; backups are encrypted to age keys only.`,
      "Give the file that age-keygen wrote.",
    );
  }
  const identities: Identity[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, "")
    .split("\n")
    .entries()) {
    const trimmed = line.trim();
    if (trimmed !== "" && !trimmed.startsWith("#")) {
      identities.push(parseIdentity(trimmed, `Line ${index + 1} of ${source}`));
    }
  }
  if (identities.length > 0) return identities;
  throw usageError(
    `The identity file ${source} holds no identity.`,
    "It must have a line that starts with AGE-SECRET-KEY-1, as age-keygen writes it.",
  );
}

function parseIdentity(text: string, place: string): Identity {
  const decoded = decodeBech32(text);
  if (decoded?.prefix !== prefix || decoded.bytes.length !== keyBytes) throw refused(text, place);
  const { key, share }: KeyPair = keyPairOf(decoded.bytes);
  return { key, share, recipient: recipientText(share) };
}

function refused(text: string, place: string): StudioError {
  if (/^age1/i.test(text)) {
    return usageError(
      `${place} is a recipient, which can encrypt but not decrypt.`,
      "Give the file with the secret key that belongs to it.",
    );
  }
  if (/^AGE-PLUGIN-/i.test(text)) {
    return usageError(
      `${place} belongs to an age plugin; studio uses no plugins.`,
      "Decrypt with age itself and its plugin.",
    );
  }
  if (/^AGE-SECRET-KEY-PQ-/i.test(text)) {
    return usageError(
      `${place} is a post-quantum identity, which studio cannot use.`,
      "Give an X25519 identity, which starts with AGE-SECRET-KEY-1.",
    );
  }
  return usageError(
    `${place} is not an age identity: it is mistyped, cut or something else.`,
    "An identity is one line that starts with AGE-SECRET-KEY-1, as age-keygen writes it.",
  );
}
