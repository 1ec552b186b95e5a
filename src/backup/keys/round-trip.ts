import { randomBytes } from "node:crypto";
import { StudioError } from "../../errors.ts";
import { type Identity, parseIdentityFile } from "../age/identity.ts";
import { open } from "../age/open.ts";
import { parseRecipient } from "../age/recipient.ts";
import { createSealer } from "../age/seal.ts";

/** The text of an age identity file, and what it is called in messages. */
export interface IdentityFile {
  text: string;
  source: string;
}

/** What some identities were found to be able to do. */
export interface KeyTrial {
  /** Recipients of which something was encrypted to each alone, and came back. */
  proven: string[];
  /** Recipients of those identities that belong to none of the ones that were asked about. */
  strangers: string[];
}

/**
 * Encrypts random bytes to each recipient and decrypts them with the identities.
 * @param recipients `age1…`
 * @throws StudioError (usage) for a recipient or an identity that is none
 */
export function tryKeys(recipients: readonly string[], files: readonly IdentityFile[]): KeyTrial {
  const identities = files.flatMap(({ text, source }) => parseIdentityFile(text, source));
  const asked = recipients.map((text) => parseRecipient(text).text);
  return {
    proven: asked.filter((recipient) => comesBack(recipient, identities)),
    strangers: identities.map((one) => one.recipient).filter((one) => !asked.includes(one)),
  };
}

function comesBack(recipient: string, identities: readonly Identity[]): boolean {
  const plain = randomBytes(256);
  const sealer = createSealer([parseRecipient(recipient)]);
  const sealed = Buffer.alloc(sealer.sealedLength(plain.length));
  sealer.seal(plain, sealed);
  try {
    return open(sealed, identities).equals(plain);
  } catch (error) {
    if (error instanceof StudioError && error.code === "backup.noIdentity") return false;
    throw error;
  }
}
