import { isIPv4 } from "node:net";

/**
 * Whether requests to the public address need a key.
 * @param configured the number of keys in the configuration
 */
export function needsKey(host: string, required: "auto" | boolean, configured: number): boolean {
  return required === "auto" ? configured > 0 || !isLoopback(host) : required;
}

/** @param host a name or an address, of IPv6 with or without brackets */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, "").toLowerCase();
  return plain === "localhost" || plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}
