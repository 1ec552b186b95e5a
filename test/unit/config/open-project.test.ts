import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openProject } from "../../../src/config/open-project.ts";
import { loadProject } from "../../../src/config/project.ts";
import { readLocalDefaults } from "../../../src/config/project-memory.ts";
import { computeLocalDefaults } from "../../../src/config/write-local-defaults.ts";

let folder: string;

beforeEach(() => {
  // Nothing is remembered of files, or by code, that were written just now.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
  folder = mkdtempSync(join(tmpdir(), "studio-open-project-"));
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, "studio.yaml");
const cache = () => join(folder, ".studio", "cache");

async function expectTheSame(env: Record<string, string | undefined>, environment?: string) {
  const input = { cwd: folder, env, ...(environment === undefined ? {} : { environment }) };
  const opened = await openProject(input).catch((error: unknown) => error);
  const loaded = await loadProject(input).catch((error: unknown) => error);
  expect(opened).toEqual(loaded);
}

test("what is known of the defaults is what the schema says", async () => {
  expect(readLocalDefaults()).toEqual(await computeLocalDefaults());
});

describe("a project opened quickly", () => {
  test("is the same as one that was read, without a file", async () => {
    await expectTheSame({});
    await expectTheSame({ API_PORT: "9000" });
    await expectTheSame({ API_PORT: "no number" });
    await expectTheSame({}, "production");
  });

  test("leaves no trace in a folder without state", async () => {
    writeFileSync(file(), "name: one\n");
    await openProject({ cwd: folder, env: {} });
    expect(readdirSync(folder)).toEqual(["studio.yaml"]);
  });

  test("is remembered for the owner alone where there is state", async () => {
    mkdirSync(join(folder, ".studio"));
    writeFileSync(file(), "name: one\nserve: { port: 9000 }\n");
    await expectTheSame({});
    const [name = ""] = readdirSync(cache());
    expect(statSync(join(cache(), name)).mode & 0o777).toBe(0o600);
    await expectTheSame({});
  });

  test("is remembered by the file that was named, while commands with several take turns", async () => {
    mkdirSync(join(folder, ".studio"));
    const files = ["one.yaml", "two.yaml"].map((name) => join(folder, name));
    for (const name of files)
      writeFileSync(name, `name: ${name.endsWith("one.yaml") ? "one" : "two"}\n`);
    const openBoth = async () => {
      const projects = [];
      for (const configFile of files)
        projects.push(await openProject({ cwd: folder, configFile, env: {} }));
      return projects.map(({ name }) => name);
    };
    const written = () => readdirSync(cache()).map((name) => statSync(join(cache(), name)).ino);
    expect(await openBoth()).toEqual(["one", "two"]);
    const before = written();
    expect(before).toHaveLength(2);
    expect(await openBoth()).toEqual(["one", "two"]);
    expect(written()).toEqual(before);
  });

  test("is read again after any change of the file or of a variable that had a part", async () => {
    mkdirSync(join(folder, ".studio"));
    const text = fc.constantFrom(
      "name: one\n",
      "name: two\nserve: { port: 9000 }\n",
      "name: ${NAME:-three}\nserve: { host: '${HOST_NAME:-127.0.0.1}' }\n",
      "environments: { production: { target: local, serve: { port: 9100 } } }\n",
      "variables: { file: .env.local }\n",
      "serve: { prt: 1 }\n",
      null,
    );
    const value = fc.constantFrom(undefined, "", "9000", "0.0.0.0", "debug");
    const env = fc.record({
      NAME: value,
      HOST_NAME: value,
      API_PORT: value,
      LOG_LEVEL: value,
      STUDIO_ENV: fc.constantFrom(undefined, "production"),
    });
    const environment = fc.constantFrom(undefined, "local", "production");
    const step = fc.record({ text, env, environment });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        for (const { text: content, env: variables, environment: asked } of steps) {
          if (content === null) rmSync(file(), { force: true });
          else writeFileSync(file(), content);
          await expectTheSame(variables, asked);
          await expectTheSame(variables, asked);
        }
      }),
      { numRuns: 40 },
    );
  }, 180_000);

  test("is not read at all when nothing has changed", async () => {
    mkdirSync(join(folder, ".studio"));
    writeFileSync(file(), "name: one\n");
    await openProject({ cwd: folder, env: {} });
    const [name = ""] = readdirSync(cache());
    const text = readFileSync(join(cache(), name), "utf8");
    writeFileSync(join(cache(), name), text.replace('"name":"one"', '"name":"remembered"'));
    expect(await openProject({ cwd: folder, env: {} })).toMatchObject({ name: "remembered" });
    expect(await openProject({ cwd: folder, env: { LOG_LEVEL: "debug" } })).toMatchObject({
      name: "one",
    });
  });

  describe("with a file of variables", () => {
    const variables = () => join(folder, ".env.local");

    beforeEach(() => {
      mkdirSync(join(folder, ".studio"));
      writeFileSync(file(), "variables: { file: .env.local }\nserve: { host: '${HOST_NAME}' }\n");
      writeFileSync(variables(), "HOST_NAME=127.0.0.1\nJWT_SECRET_KEY=correct-horse\n");
    });

    test("is remembered, and read again after any change of that file", async () => {
      await expectTheSame({});
      const [name = ""] = readdirSync(cache());
      expect(readFileSync(join(cache(), name), "utf8")).not.toContain("correct-horse");
      await expectTheSame({});
      await expectTheSame({ HOST_NAME: "localhost" });
      await expectTheSame({});
      writeFileSync(variables(), "HOST_NAME=127.0.0.2\n");
      await expectTheSame({});
      writeFileSync(variables(), "HOST_NAME\n");
      await expectTheSame({});
      rmSync(variables());
      await expectTheSame({ HOST_NAME: "localhost" });
    });

    test("is not remembered when that file was written just now", async () => {
      vi.useRealTimers();
      await openProject({ cwd: folder, env: {} });
      expect(readdirSync(join(folder, ".studio"))).toEqual([]);
    });
  });

  test("is read again when what was remembered is damaged", async () => {
    mkdirSync(join(folder, ".studio"));
    writeFileSync(file(), "name: one\n");
    await openProject({ cwd: folder, env: {} });
    const [name = ""] = readdirSync(cache());
    writeFileSync(join(cache(), name), '{"code":');
    await expectTheSame({});
    expect(JSON.parse(readFileSync(join(cache(), name), "utf8"))).toMatchObject({
      project: { name: "one" },
    });
  });

  test("is not remembered with the values of variables", async () => {
    mkdirSync(join(folder, ".studio"));
    const secret = "correct-horse-battery-staple";
    writeFileSync(file(), "database: { url: { env: DATABASE_URL } }\n");
    await openProject({ cwd: folder, env: { DATABASE_URL: `postgres://u:${secret}@h/d` } });
    const [name = ""] = readdirSync(cache());
    expect(readFileSync(join(cache(), name), "utf8")).not.toContain(secret);
  });
});
