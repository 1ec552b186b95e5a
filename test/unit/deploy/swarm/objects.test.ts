import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  type StackObject,
  objectName,
  readObjects,
} from "../../../../src/deploy/targets/swarm/objects.ts";
import { parseGoDuration } from "../../../../src/deploy/targets/swarm/go-duration.ts";

const folder = mkdtempSync(join(tmpdir(), "studio-objects-"));
const file = join(folder, "token");
writeFileSync(file, "from-a-file");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const using = (kind: string, ...keys: string[]) => ({
  api: { [kind]: keys.map((source) => ({ source })) },
});

describe("secrets and configs of a stack", () => {
  test("are read from files, variables and the text, with the dollars that were meant", () => {
    const config = {
      name: "shop",
      services: { api: { ...using("secrets", "a", "b").api, ...using("configs", "c", "d").api } },
      secrets: { a: { file }, b: { environment: "TOKEN" }, unused: { file: "/nowhere" } },
      configs: { c: { content: "costs $$1" }, d: { external: true, name: "shared" } },
    };
    const found = readObjects(config, { TOKEN: "from-a-variable" });
    const shown = found.map(({ key, content }) => [key, content?.toString() ?? null]);
    expect(shown).toEqual([
      ["a", "from-a-file"],
      ["b", "from-a-variable"],
      ["c", "costs $1"],
      ["d", null],
    ]);
    expect(objectName("shop", found[3] as StackObject, "key")).toBe("shared");
  });

  test("are refused where they are missing, empty, or more than Swarm keeps", () => {
    const services = using("secrets", "a");
    const read = (a: object, variables = {}) =>
      readObjects({ name: "shop", services, secrets: { a } }, variables);
    expect(() => read({ file: join(folder, "none") })).toThrow("cannot be read");
    expect(() => read({ environment: "NONE" })).toThrow("the variable NONE");
    expect(() => read({ environment: "E" }, { E: "" })).toThrow("empty");
    expect(() => read({ environment: "E" }, { E: "x".repeat(600_000) })).toThrow("586 KiB");
  });

  test("have a name that tells what they hold to whoever has the key, and to nobody else", () => {
    const one = (text: string): StackObject => ({
      kind: "secrets",
      key: "token",
      content: Buffer.from(text),
      external: "",
    });
    const name = objectName("shop", one("hunter2"), "key");
    expect(name).toMatch(/^shop_token_[0-9a-f]{16}$/);
    expect(objectName("shop", one("hunter2"), "key")).toBe(name);
    expect(objectName("shop", one("hunter3"), "key")).not.toBe(name);
    expect(objectName("shop", one("hunter2"), "another key")).not.toBe(name);
    expect(objectName("s".repeat(100), one("hunter2"), "key")).toHaveLength(64);
  });
});

test("durations are read as Compose resolves them", () => {
  expect(["1m30s", "1.5s", "500ms", "2h0m0s", "0s"].map(parseGoDuration)).toEqual([
    90_000, 1500, 500, 7_200_000, 0,
  ]);
  expect(["", "soon", "5", "5s later"].map(parseGoDuration)).toEqual([null, null, null, null]);
});
