import { resolveTarget } from "../../target.ts";
import type { Target } from "../../target.ts";
import type { ConnectionOptions } from "./protocol.ts";

/** Bytes of the longest body that is read to its end. */
const longestBody = 64 * 2 ** 20;

/** A target as a sender reaches it, and what goes with every request. */
export interface SenderTarget {
  connection: ConnectionOptions;
  place: { basePath: string; headers: Record<string, string> };
}

/**
 * @param timeout milliseconds of a request
 * @throws StudioError (exit 2) when the target's address makes no sense
 */
export function senderTarget(target: Target, timeout: number): SenderTarget {
  const { origin: whole, basePath, headers, socketPath, insecure } = resolveTarget(target);
  const { origin, authorization } = splitOrigin(whole);
  return {
    connection: { origin, socketPath, insecure, timeout, longestBody },
    place: { basePath, headers: { ...authorization, ...headers } },
  };
}

/** undici takes no user and password in an address: they go as a header (RFC 7617). */
function splitOrigin(whole: string): { origin: string; authorization: Record<string, string> } {
  const { origin, username, password } = new URL(whole);
  if (username === "") return { origin, authorization: {} };
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const credentials = Buffer.from(text).toString("base64");
  return { origin, authorization: { authorization: `Basic ${credentials}` } };
}
