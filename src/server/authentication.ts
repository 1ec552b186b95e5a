import { createHash, timingSafeEqual } from "node:crypto";
import { isIPv4 } from "node:net";
import { usageError } from "../errors.ts";
import { RequestError } from "./request-error.ts";

/** Checks the bearer key of a request. */
export type KeyCheck = (authorization: string | undefined) => void;

/**
 * Whether requests to the public address need a key.
 * @throws StudioError `usage` when one is needed and none is configured
 */
export function needsKey(host: string, required: "auto" | boolean, configured: number): boolean {
  const needed = required === "auto" ? configured > 0 || !isLoopback(host) : required;
  if (!needed || configured > 0) return needed;
  throw usageError(
    `The API at ${host} needs a key for every request, and no key is configured.`,
    "Configure serve.auth.keys, or set serve.host to 127.0.0.1.",
  );
}

/**
 * Decides whether requests to the public address need a key.
 * @returns the check, or null when none is needed
 * @throws StudioError `usage` when a key is needed and none is configured
 */
export function createKeyCheck(
  host: string,
  required: "auto" | boolean,
  keys: readonly string[],
): KeyCheck | null {
  if (!needsKey(host, required, keys.length)) return null;
  const known = keys.map(hash);
  return (authorization) => {
    const key = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (key === undefined) {
      throw new RequestError(401, "auth.missing", "The request carries no API key.", {
        hint: "Send the header `Authorization: Bearer <key>`.",
      });
    }
    const given = hash(key);
    // All of them, always: how long it takes must not tell which key was nearly right.
    const matches = known.filter((one) => timingSafeEqual(one, given));
    if (matches.length === 0) {
      throw new RequestError(401, "auth.invalid", "The API key is not known.");
    }
  };
}

export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, "").toLowerCase();
  return plain === "localhost" || plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

function hash(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
