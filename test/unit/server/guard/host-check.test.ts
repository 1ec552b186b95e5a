import { describe, expect, it } from "vitest";
import { createHostCheck } from "../../../../src/server/guard/host-check.ts";

const refused = (code: string) => expect.objectContaining({ status: 403, code }) as Error;

describe("a daemon on loopback", () => {
  const check = createHostCheck({
    host: "127.0.0.1",
    hosts: ["studio.example.com"],
    origins: ["https://app.example.com"],
  });

  it("answers to the names of this machine and to those configured", () => {
    for (const host of [
      "localhost",
      "LOCALHOST:8000",
      "localhost.:8000",
      "127.0.0.1:8000",
      "[::1]:8000",
      "Studio.example.com:443",
    ]) {
      expect(() => check({ host }), host).not.toThrow();
    }
  });

  it("refuses any other name, which DNS can make point here", () => {
    for (const host of [
      undefined,
      "",
      "evil.example:8000",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "evil.example#localhost",
      "10.0.0.1",
      "localhost@evil.example",
    ]) {
      expect(() => check({ host }), host).toThrow(refused("host.unknown"));
    }
  });

  it("takes requests of pages of its own and of configured origins only", () => {
    const host = "localhost:8000";
    for (const origin of [undefined, "http://localhost:8000", "https://app.example.com"]) {
      expect(() => check({ host, origin }), origin).not.toThrow();
    }
    for (const origin of [
      "null",
      "http://localhost:8001",
      "http://evil.example",
      "https://app.example.com.evil.example",
      "file://",
    ]) {
      expect(() => check({ host, origin }), origin).toThrow(refused("origin.unknown"));
    }
  });
});

describe("a daemon off loopback", () => {
  it("answers to any name while none is configured: it asks for a key", () => {
    const check = createHostCheck({ host: "0.0.0.0", hosts: [], origins: [] });
    expect(() => check({ host: "10.0.0.1:8000", origin: "http://evil.example" })).not.toThrow();
  });

  it("answers to the configured names, and to checks of its own machine, where there are some", () => {
    const hosts = ["studio.example.com"];
    const check = createHostCheck({ host: "0.0.0.0", hosts, origins: [] });
    for (const host of ["studio.example.com", "127.0.0.1:8000"]) {
      expect(() => check({ host })).not.toThrow();
    }
    expect(() => check({ host: "10.0.0.1:8000" })).toThrow(refused("host.unknown"));
  });
});
