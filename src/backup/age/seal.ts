import { randomBytes, randomFillSync } from "node:crypto";
import { usageError } from "../../errors.ts";
import { headerMac, payloadKey, payloadNonceBytes } from "./file-key.ts";
import { encodeHeader, encodeMac, headerLength } from "./header.ts";
import { encryptPayload, payloadLength } from "./payload.ts";
import type { Recipient } from "./recipient.ts";
import { fileKeyBytes, wrapFileKey } from "./stanza.ts";

export interface Sealer {
  /** Bytes of the age file that `plainLength` bytes of content become. */
  sealedLength(plainLength: number): number;
  /**
   * Writes one age file (age-encryption.org/v1), with keys of its own, to the start of `into`.
   * @param into at least `sealedLength(plain.length)` bytes, in other memory than `plain`
   * @returns the file's length
   */
  seal(plain: Uint8Array, into: Buffer): number;
}

/**
 * Encrypts to all of `recipients`: each of their identities opens the file.
 * @throws StudioError (usage) where there is none
 */
export function createSealer(recipients: readonly Recipient[]): Sealer {
  const distinct = [...new Map(recipients.map((one) => [one.text, one])).values()];
  if (distinct.length === 0) {
    throw usageError("There is no recipient to encrypt to.", "Name one at least: age1….");
  }
  const ownLength = headerLength(distinct.length) + payloadNonceBytes;
  return {
    sealedLength: (plainLength) => ownLength + payloadLength(plainLength),
    seal(plain, into) {
      if (into.length < ownLength + payloadLength(plain.length)) {
        throw new RangeError(`${into.length} bytes cannot hold ${plain.length} encrypted ones.`);
      }
      const fileKey = randomBytes(fileKeyBytes);
      const covered = encodeHeader(distinct.map((one) => wrapFileKey(fileKey, one)));
      const nonceStart = into.write(covered + encodeMac(headerMac(fileKey, covered)), "latin1");
      const start = nonceStart + payloadNonceBytes;
      randomFillSync(into, nonceStart, payloadNonceBytes);
      const key = payloadKey(fileKey, into.subarray(nonceStart, start));
      return encryptPayload(key, plain, into, start);
    },
  };
}
