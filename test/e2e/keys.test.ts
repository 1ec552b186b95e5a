import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IssuedKey } from "../../src/deploy/issued-key.ts";
import {
  type RunResult,
  type TestProject,
  createProject,
  quickSettings,
} from "../support/studio.ts";

const settings = `${quickSettings}serve: { host: 0.0.0.0 }\n`;

let project: TestProject;
let first: IssuedKey;
/** Every key that was ever printed, and all that was printed else. */
const keys: string[] = [];
const printed: string[] = [];

beforeAll(async () => {
  project = await createProject(settings);
  const killed = await studio("deploy", "--skip-gate", {
    STUDIO_FAULT: "kill:first-key#done:after",
  });
  expect(killed.signal).toBe("SIGKILL");
  const { exitCode, stdout, stderr } = await studio("resume", "--json");
  expect(exitCode, stderr).toBe(0);
  first = (JSON.parse(stdout) as { result: { keys: [IssuedKey] } }).result.keys[0];
  keys.push(first.key);
}, 180_000);

afterAll(() => project.remove(), 180_000);

/** @param words what is typed, and variables of the environment */
async function studio(...words: (string | Record<string, string>)[]): Promise<RunResult> {
  const argv = words.filter((word) => typeof word === "string");
  const env = words.find((word) => typeof word !== "string");
  const result = await project.studio(argv, env);
  printed.push(result.stdout + result.stderr);
  return result;
}

async function issue(...words: string[]): Promise<IssuedKey> {
  const { exitCode, stdout, stderr } = await studio(...words, "--json");
  expect(exitCode, stderr).toBe(0);
  const { result } = JSON.parse(stdout) as { result: IssuedKey };
  keys.push(result.key);
  expect(stderr).not.toContain(result.key);
  return result;
}

async function statusWith(key: string, path = "/metrics", method = "GET"): Promise<number> {
  const { status } = await fetch(`${project.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, connection: "close" },
  });
  return status;
}

describe("the first deploy off loopback", () => {
  test("makes an admin key, and the resume of one that died shows a key that works", async () => {
    expect(first).toMatchObject({ name: "first", role: "admin", expiresAt: null });
    expect(await statusWith(first.key)).toBe(200);
    expect((await fetch(`${project.url}/health/ready`)).status).toBe(200);
    expect((await fetch(`${project.url}/metrics`)).status).toBe(401);
  });

  test("is the only one that does", async () => {
    const { exitCode, stdout } = await studio("deploy", "--skip-gate", "--json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ result: { firstKey: null } });
    expect(await statusWith(first.key)).toBe(200);
  }, 120_000);
});

describe("studio key", () => {
  test("makes a key that a running daemon takes at once, and that no option hides", async () => {
    const viewer = await issue("key", "create", "--role", "viewer", "--name", "prometheus");
    expect(await statusWith(viewer.key)).toBe(200);
    expect(await statusWith(viewer.key, "/api/v1/vector/collections/x", "DELETE")).toBe(403);
    const { stdout, stderr } = await studio("key", "create", "--bare");
    expect(stdout).toMatch(/^studio_[a-z2-7]{12}_[\w-]{43}\n$/);
    expect(stderr).not.toContain(stdout.trim());
    keys.push(stdout.trim());
    expect(await statusWith(stdout.trim())).toBe(200);
  });

  test("rotates one: the old key is good for the grace, and no longer", async () => {
    const old = await issue("key", "create", "--role", "viewer", "--name", "app");
    const fresh = await issue("key", "rotate", old.id, "--grace", "0s");
    expect(fresh).toMatchObject({ name: "app", role: "viewer" });
    const next = await issue("key", "rotate", fresh.id, "--grace", "1h");
    expect(await statusWith(old.key)).toBe(401);
    expect(await statusWith(fresh.key)).toBe(200);
    expect(await statusWith(next.key)).toBe(200);
    const again = await studio("key", "rotate", old.id);
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain("expired");
  });

  test("revokes one within two seconds, and says so when it was revoked before", async () => {
    const { id, key } = await issue("key", "create", "--role", "viewer");
    expect(await statusWith(key)).toBe(200);
    expect((await studio("key", "revoke", id.slice(0, 8), "-m", "lost")).exitCode).toBe(0);
    await sleep(2000);
    expect(await statusWith(key)).toBe(401);
    expect((await studio("key", "revoke", id)).stdout).toContain("as it was before");
    expect((await studio("key", "revoke", "nosuch")).exitCode).toBe(2);
  });

  test("lists them with what may be known of them", async () => {
    const { stdout } = await studio("key", "list", "--json");
    const { result } = JSON.parse(stdout) as { result: Record<string, unknown>[] };
    expect(result.map(({ name, state }) => `${String(name)} ${String(state)}`)).toEqual([
      "first valid",
      "prometheus valid",
      "unnamed valid",
      "app expired",
      "app valid",
      "app valid",
      "unnamed revoked",
    ]);
    expect(result[0]).toMatchObject({ id: first.id, lastUsedAt: expect.any(String) as string });
    expect(stdout).not.toContain("hash");
    expect((await studio("history")).stdout).toContain("lost");
  });

  test("that died before it could show the key shows another when it is resumed", async () => {
    const fault = { STUDIO_FAULT: "kill:issue#done:after" };
    expect((await studio("key", "create", "--name", "died", fault)).signal).toBe("SIGKILL");
    const { stdout } = await studio("resume", "--json");
    const { key } = (JSON.parse(stdout) as { result: { keys: [IssuedKey] } }).result.keys[0];
    keys.push(key);
    expect(await statusWith(key)).toBe(200);
  });

  test("that is aborted leaves no key behind", async () => {
    const fault = { STUDIO_FAULT: "kill:issue/put:after" };
    expect((await studio("key", "create", "--name", "given-up", fault)).signal).toBe("SIGKILL");
    expect((await studio("abort")).exitCode).toBe(0);
    expect((await studio("key", "list")).stdout).not.toContain("given-up");
  });

  test("refuses what it does not know", async () => {
    expect((await studio("key", "create", "--role", "root")).exitCode).toBe(2);
    expect((await studio("key", "create", "--expires", "soon")).exitCode).toBe(2);
  });
});

describe("a key", () => {
  test("is printed once, and is in no file: database, journal, records, logs", async () => {
    expect(keys.length).toBeGreaterThan(6);
    await studio("history", "latest", "--json");
    await studio("status", "--json");
    await studio("logs");
    const all = printed.join("\n");
    for (const key of keys) expect(all.split(key).length - 1, key).toBe(1);
    const state = join(project.directory, ".studio");
    for (const entry of readdirSync(state, { recursive: true, withFileTypes: true })) {
      const isCode = /releases\/(objects|code)/.test(entry.parentPath);
      if (!entry.isFile() || isCode) continue;
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file).toString("latin1");
      for (const key of keys) expect(text.includes(key.slice(-43)), file).toBe(false);
    }
  });
});
