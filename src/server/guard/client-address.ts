import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";

/** Finds out where a request comes from. */
export type ClientAddress = (request: Pick<IncomingMessage, "socket" | "headers">) => string;

/**
 * X-Forwarded-For is what callers like to say; only what a trusted proxy added to it is believed:
 * read from the right, the first address that is no trusted proxy.
 * @param trustedProxies addresses, or networks such as `10.0.0.0/8`
 * @returns an IPv4 address, or of IPv6 the network of 64 bits, which is what one customer has
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) {
    const [address = "", bits] = proxy.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string): boolean =>
    trusted.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  return ({ socket, headers }) => {
    const peer = plainAddress(socket.remoteAddress ?? "") ?? "unknown";
    if (trustedProxies.length === 0 || !isTrusted(peer)) return group(peer);
    const given = headers["x-forwarded-for"] ?? "";
    const hops = (Array.isArray(given) ? given.join(",") : given).split(",");
    let nearest = peer;
    for (const hop of hops.toReversed()) {
      const address = plainAddress(hop.trim());
      if (address === null) break;
      nearest = address;
      if (!isTrusted(address)) break;
    }
    return group(nearest);
  };
}

/** Without brackets, a port, a zone, or the IPv6 notation of an IPv4 address; null: no address. */
function plainAddress(text: string): string | null {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, "$1");
  const address = bare.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(address) === 0 ? null : address;
}

function group(address: string): string {
  return isIPv6(address) ? networkOf(address) : address;
}

/** The first 64 bits: `2001:db8::1` is `2001:db8:0:0::/64`. */
function networkOf(address: string): string {
  const [head = "", tail] = address.toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const parts = [...before, ...Array<string>(zeros).fill("0"), ...after];
  const short = parts.slice(0, 4).map((part) => Number.parseInt(part, 16).toString(16));
  return `${short.join(":")}::/64`;
}
