import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { factsLine, quoted, readFacts } from "../../../src/remote/package/host-facts.ts";

const home = mkdtempSync(join(tmpdir(), "studio-facts-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function facts(path: string) {
  const env = { HOME: home, PATH: path };
  const { stdout } = spawnSync("sh", ["-c", factsLine("a1", "b2")], { env, encoding: "utf8" });
  return readFacts("host", `Welcome to the host\nhome=/wrong\n${stdout}`);
}

test("a host without Node.js and studio says so", () => {
  expect(facts("/nowhere:/usr/bin:/bin")).toMatchObject({
    platform: process.platform,
    architecture: process.arch,
    home,
    hasStudio: false,
    hasDependencies: false,
  });
  expect(Math.abs(facts("/usr/bin:/bin").clock - Date.now())).toBeLessThan(10_000);
});

test("a Node.js that studio brought is found before any other", () => {
  const folder = join(home, ".studio", "node", "v24");
  mkdirSync(folder, { recursive: true });
  symlinkSync(process.execPath, join(folder, "node"));
  mkdirSync(join(home, ".studio", "versions", "a1"), { recursive: true });
  const found = facts("/usr/bin:/bin");
  expect(found).toMatchObject({ node: join(folder, "node"), hasStudio: true });
});

test("what is no shell is refused with a hint", () => {
  expect(() => readFacts("host", "This account is not available.\n")).toThrow("did not answer");
});

test("the line holds no quote that would end it", () => {
  expect(factsLine("a1", "b2").slice("sh -c '".length, -1)).not.toContain("'");
  const { stdout } = spawnSync("sh", ["-c", `printf %s ${quoted("it's $HOME")}`]);
  expect(String(stdout)).toBe("it's $HOME");
});
