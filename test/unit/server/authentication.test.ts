import { describe, expect, it } from "vitest";
import { createKeyCheck, isLoopback } from "../../../src/server/authentication.ts";

describe("whether requests need a key", () => {
  it("is decided by the address and the keys when nothing is configured", () => {
    expect(createKeyCheck("127.0.0.1", "auto", [])).toBeNull();
    expect(createKeyCheck("127.0.0.1", "auto", ["key"])).not.toBeNull();
    expect(createKeyCheck("0.0.0.0", "auto", ["key"])).not.toBeNull();
    expect(createKeyCheck("0.0.0.0", false, ["key"])).toBeNull();
  });

  it("refuses an open API off loopback, and required keys of which there are none", () => {
    for (const [host, required] of [
      ["0.0.0.0", "auto"],
      ["studio.example.com", "auto"],
      ["::", "auto"],
      ["127.0.0.1", true],
    ] as const) {
      expect(() => createKeyCheck(host, required, [])).toThrow(
        expect.objectContaining({ code: "usage", exitCode: 2 }),
      );
    }
  });

  it("knows the names of the machine itself", () => {
    for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"]) {
      expect(isLoopback(host)).toBe(true);
    }
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.com", "1270.0.0.1"]) {
      expect(isLoopback(host)).toBe(false);
    }
  });
});

describe("a key check", () => {
  const check = createKeyCheck("0.0.0.0", "auto", ["first-key", "second-key"]);

  it("lets a known key pass", () => {
    expect(() => check?.("Bearer first-key")).not.toThrow();
    expect(() => check?.("bearer second-key")).not.toThrow();
  });

  it("tells a missing key from a wrong one", () => {
    const missing = expect.objectContaining({ status: 401, code: "auth.missing" }) as Error;
    for (const header of [undefined, "", "Basic abc", "Bearer", "Bearer "]) {
      expect(() => check?.(header)).toThrow(missing);
    }
    const invalid = expect.objectContaining({ status: 401, code: "auth.invalid" }) as Error;
    for (const header of ["Bearer first-key2", "Bearer first-ke", "Bearer FIRST-KEY"]) {
      expect(() => check?.(header)).toThrow(invalid);
    }
  });
});
