import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeFingerprint } from "../../../src/deploy/content/fingerprint.ts";

let folder: string;
let memory: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-fingerprint-"));
  memory = join(folder, ".studio", "cache", "code-fingerprint.json");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the code's fingerprint", () => {
  it("leaves nothing in a folder where studio keeps no state", () => {
    expect(codeFingerprint(folder)).toMatch(/^[0-9a-f]{64}$/);
    expect(existsSync(join(folder, ".studio"))).toBe(false);
  });

  it("is remembered while no file has another stamp", () => {
    mkdirSync(join(folder, ".studio"));
    const fingerprint = codeFingerprint(folder);
    const remembered = JSON.parse(readFileSync(memory, "utf8")) as { key: string };
    expect(remembered).toMatchObject({ fingerprint });

    writeFileSync(memory, JSON.stringify({ ...remembered, fingerprint: "as it was" }));
    expect(codeFingerprint(folder)).toBe("as it was");

    const other = { key: `${remembered.key}0`, fingerprint: "as it was" };
    writeFileSync(memory, JSON.stringify(other));
    expect(codeFingerprint(folder)).toBe(fingerprint);

    writeFileSync(memory, "{");
    expect(codeFingerprint(folder)).toBe(fingerprint);
  });
});
