import { describe, expect, it } from "vitest";
import { isLoopback, needsKey } from "../../../src/server/authentication.ts";

describe("whether a key is needed", () => {
  it("follows the address and the configured keys where nothing is said", () => {
    expect(needsKey("127.0.0.1", "auto", 0)).toBe(false);
    expect(needsKey("127.0.0.1", "auto", 1)).toBe(true);
    expect(needsKey("0.0.0.0", "auto", 0)).toBe(true);
  });

  it("is what the configuration says where it says so", () => {
    expect(needsKey("0.0.0.0", false, 1)).toBe(false);
    expect(needsKey("127.0.0.1", true, 0)).toBe(true);
  });

  it("knows which addresses are this machine's alone", () => {
    for (const host of ["127.0.0.1", "127.8.9.10", "localhost", "LOCALHOST", "::1", "[::1]"]) {
      expect(isLoopback(host)).toBe(true);
    }
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.example.com", "localhost.evil.com"]) {
      expect(isLoopback(host)).toBe(false);
    }
  });
});
