import { timingSafeEqual } from "node:crypto";
import { StudioError, exitCodes } from "../../errors.ts";
import { damaged } from "../failures.ts";
import { headerMac, payloadKey, payloadNonceBytes } from "./file-key.ts";
import { parseHeader } from "./header.ts";
import type { Identity } from "./identity.ts";
import { decryptPayload } from "./payload.ts";
import { unwrapFileKey } from "./stanza.ts";

/**
 * Decrypts one age file (age-encryption.org/v1) and verifies all of it.
 * @param stored the whole file
 * @param into where the content goes: as long as `stored` is always enough, and it may be the
 *   memory of `stored` itself; without it, memory of its own is taken
 * @returns the content: the start of `into`
 * @throws StudioError `backup.noIdentity`, or damage; `into` is then of no use
 */
export function open(
  stored: Uint8Array,
  identities: readonly Identity[],
  into: Buffer = Buffer.allocUnsafeSlow(stored.length),
): Buffer {
  const file = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
  const header = parseHeader(file);
  const fileKey = unwrapFileKey(header.stanzas, identities);
  if (fileKey === null) throw noIdentity(identities.length);
  const mac = headerMac(fileKey, file.subarray(0, header.coveredLength));
  if (!timingSafeEqual(mac, header.mac)) {
    throw damaged("The header of an encrypted object was changed.");
  }
  const start = header.length + payloadNonceBytes;
  const key = payloadKey(fileKey, file.subarray(header.length, start));
  return into.subarray(0, decryptPayload(key, file, start, into));
}

function noIdentity(count: number): StudioError {
  return new StudioError({
    code: "backup.noIdentity",
    message:
      count === 0
        ? "The backup is encrypted, and no identity was given."
        : count === 1
          ? "The backup is encrypted, and not to the identity that was given."
          : `The backup is encrypted, and not to any of the ${count} identities that were given.`,
    hint: "Give the file with the secret key of one of its recipients: --identity FILE.",
    exitCode: exitCodes.usage,
  });
}
