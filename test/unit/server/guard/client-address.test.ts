import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { createClientAddress } from "../../../../src/server/guard/client-address.ts";

function from(peer: string, forwarded: string | undefined, ...trusted: string[]): string {
  const request = { socket: { remoteAddress: peer }, headers: { "x-forwarded-for": forwarded } };
  return createClientAddress(trusted)(request as unknown as IncomingMessage);
}

describe("where a request comes from", () => {
  it("is the peer, whatever it says, while no proxy is trusted", () => {
    expect(from("203.0.113.9", "10.0.0.1")).toBe("203.0.113.9");
    expect(from("::ffff:203.0.113.9", "10.0.0.1")).toBe("203.0.113.9");
    expect(from("203.0.113.9", "10.0.0.1", "198.51.100.7")).toBe("203.0.113.9");
  });

  it("is what the last trusted proxy saw", () => {
    expect(from("10.0.0.1", "203.0.113.9", "10.0.0.0/8")).toBe("203.0.113.9");
    expect(from("::ffff:10.0.0.1", "203.0.113.9:4711", "10.0.0.1")).toBe("203.0.113.9");
    expect(from("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.2.2.2", "10.0.0.0/8")).toBe("203.0.113.9");
    expect(from("2001:db8::1", "[2001:db8:9::7]:443", "2001:db8::/48")).toBe("2001:db8:9:0::/64");
  });

  it("is the nearest known one where what is said is no address", () => {
    for (const said of [undefined, "", "unknown", "203.0.113.9, _hidden", "1.2.3.4, ; drop"]) {
      expect(from("10.0.0.1", said, "10.0.0.1")).toBe("10.0.0.1");
    }
  });

  it("is the network of 64 bits for IPv6: one customer has all addresses in it", () => {
    expect(from("2001:db8:1:2:3:4:5:6", undefined)).toBe("2001:db8:1:2::/64");
    expect(from("2001:db8:1:2::9", undefined)).toBe("2001:db8:1:2::/64");
    expect(from("2001:0db8::1", undefined)).toBe("2001:db8:0:0::/64");
    expect(from("::1", undefined)).toBe("0:0:0:0::/64");
    expect(from("fe80::1%eth0", undefined)).toBe("fe80:0:0:0::/64");
  });
});
