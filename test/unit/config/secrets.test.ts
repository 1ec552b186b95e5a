import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseFrozenSettings } from "../../../src/config/frozen-settings.ts";
import { loadProject } from "../../../src/config/project.ts";
import { showsSecret } from "../../../src/config/secret-text.ts";
import { type Secret, resolveSecret } from "../../../src/config/secrets.ts";
import { checkVariables, resolveVariables } from "../../../src/config/variables.ts";
import { runShell } from "../../../src/shell/exec.ts";
import { load, originOf, projectFolder } from "./project-folder.ts";

async function resolved(secret: Secret, directory: string, env: Record<string, string> = {}) {
  const told: string[] = [];
  const onSecret = (value: string): void => void told.push(value);
  const value = await resolveSecret(secret, { directory, env, runShell, onSecret });
  return { value, told };
}

const plain = `
database: { url: "postgres://app:hunter2@db.example/studio" }
redis: { url: "redis://:hunter2/x@cache:6379/0" }
backup: { s3: { accessKeyId: hunter2, secretAccessKey: { template: "hunter2\${X:-}" } } }
notify:
  channels:
    ops: { slack: { url: "https://hooks.example/hunter2" } }
    mail: { email: { host: a, from: a, to: [b], user: a, password: "\${Y:-hunter2}" } }
    hook: { webhook: { url: "\${HOOK}", headers: { Authorization: "Bearer hunter2" } } }
serve: { auth: { keys: [hunter2, { env: KEY }], metricsToken: hunter2 } }
`;

test("a secret in plain text stays in the file: the project only points to it", async () => {
  const directory = await projectFolder({ "studio.yaml": plain });
  const env = { DB_HOST: "h", DB_NAME: "n", DB_USER: "u", DB_PASSWORD: "hunter2" };
  for (const variables of [{}, env, { DATABASE_URL: "postgres://u:hunter2@h/n" }]) {
    const project = await loadProject({ cwd: directory, env: variables });
    expect(JSON.stringify(project)).not.toContain("hunter2");
    expect(originOf(project, "notify.channels.ops.slack.url")).toBe(
      '"(secret)" file studio.yaml:7',
    );
    expect(originOf(project, "serve.auth.keys")).toBe(
      '["(secret)","(secret)"] file studio.yaml:10',
    );
  }
  const { settings, warnings } = await loadProject({ cwd: directory, env: {} });
  expect(settings.database.url).toEqual({ inline: "studio.yaml#/database/url" });
  expect(warnings).toContain(
    "database.url holds a secret in plain text (studio.yaml:2): put it in a variable and write { env: NAME }.",
  );
  expect(parseFrozenSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  const url = settings.database.url as Secret;
  expect(await resolved(url, directory)).toEqual({
    value: "postgres://app:hunter2@db.example/studio",
    told: ["postgres://app:hunter2@db.example/studio", "hunter2"],
  });
  const key = settings.serve.auth.keys[0] as Secret;
  expect((await resolved(key, directory)).value).toBe("hunter2");
});

test("a mistake beside or inside a secret does not show it", async () => {
  const texts = [
    'database: { url: "postgres://a:hunter2@b/${c" }',
    "database: { url: [hunter2] }",
    'serve: { port: "${KEY}" }',
  ];
  for (const text of texts) {
    const error = await load(text, { env: { KEY: "hunter2" } }).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: "config.invalid" });
    expect(JSON.stringify([error, String(error)])).not.toContain("hunter2");
  }
});

test("an address without a password, or with references alone, stays readable", async () => {
  const text = `database: { url: "postgres://app:\${PW@url}@db/studio" }\nredis: { url: redis://cache:6379/0 }`;
  const { settings, warnings } = await load(text);
  expect(settings.database.url).toEqual({ template: "postgres://app:${PW@url}@db/studio" });
  expect(settings.redis.url).toEqual({ template: "redis://cache:6379/0" });
  expect(warnings).toEqual([]);
});

test("whatever the password is, a URL that holds it counts as showing it", () => {
  const password = fc.string({ minLength: 1 }).filter((text) => !text.includes("${"));
  const scheme = fc.constantFrom("postgres", "postgresql", "mysql", "redis", "rediss", "unknown");
  fc.assert(
    fc.property(scheme, password, (name, text) => {
      expect(showsSecret(`${name}://user:${text}@host/db`, true)).toBe(true);
    }),
  );
});

test.each(["postgres://u:@x@h/d", "postgres://u:a/b@h/d", "u:pw@h", "mysql://h/d?password=x"])(
  "%s counts as showing its secret",
  (text) => {
    expect(showsSecret(text, true)).toBe(true);
  },
);

test.each([
  [{ env: "A" }, "from variable"],
  [{ file: "secret.txt" }, "from file"],
  [{ file: "${NAME}.txt" }, "from file"],
  [{ command: "printf 'from %s\\n' \"$WHERE\"" }, "from command"],
  [{ template: "to ${A} $${A}" }, "to from variable ${A}"],
])("%j is resolved", async (secret, expected) => {
  const directory = await projectFolder({ "secret.txt": "from file\n" });
  const env = { A: "from variable", NAME: "secret", WHERE: "command" };
  expect(await resolved(secret as Secret, directory, env)).toEqual({
    value: expected,
    told: [expected],
  });
});

test("of a URL the password is told alone too, written and decoded", async () => {
  const url = "postgres://u:p%40ss@h/db";
  expect((await resolved({ env: "U" }, "/", { U: url })).told).toEqual([url, "p%40ss", "p@ss"]);
  expect((await resolved({ env: "U" }, "/", { U: "redis://h:1/0" })).told).toEqual([]);
  expect((await resolved({ env: "U" }, "/", { U: "postgres://u:a/b@h/d" })).told).toContain("a/b");
});

test.each([
  [{ env: "NONE" }, "the variable NONE is not set"],
  [{ env: "EMPTY" }, "the variable EMPTY is empty"],
  [{ file: "none.txt" }, "the file none.txt does not exist"],
  [{ file: "." }, "the file . cannot be read (EISDIR)"],
  [{ command: "echo hunter2; echo hunter2 >&2; exit 3" }, "the command ended with exit code 3"],
  [{ template: "a${NONE}" }, "needs the variable NONE, which is not set"],
  [{ inline: "studio.yaml#/database/url" }, "text at studio.yaml#/database/url is no longer there"],
])("%j that cannot be had names its reference", async (secret, expected) => {
  const directory = await projectFolder({ "studio.yaml": "name: hunter2\n" });
  const error = await resolved(secret, directory, { EMPTY: "" }).catch((one: unknown) => one);
  expect(error).toMatchObject({
    code: "secret.missing",
    exitCode: 2,
    message: expect.stringContaining(expected),
  });
  expect(String(error)).not.toContain("hunter2");
});

test("the parts of a database address become one URL, its password encoded", async () => {
  const env = { DB_HOST: "h", DB_NAME: "n", DB_USER: "u", DB_PASSWORD: "a@b/c" };
  const { settings } = await load("name: a\n", { env });
  const url = settings.database.url as Secret;
  expect((await resolved(url, "/", env)).value).toBe("postgres://u:a%40b%2Fc@h:5432/n");
  const partial = await load("name: a\n", { env: { DB_HOST: "h" } });
  expect(partial.settings.database.url).toBeUndefined();
  expect(partial.warnings).toEqual([
    "The DB_ variables are not used, because DB_NAME and DB_USER are not set.",
  ]);
});

test("the parts of a Redis address become one URL, with sentinels beside it", async () => {
  const env = {
    REDIS_HOST: "h",
    REDIS_PASSWORD: "p",
    REDIS_SSL: "true",
    REDIS_DB: "2",
    REDIS_MAX_CONNECTIONS: "9",
    REDIS_USE_SENTINEL: "true",
    REDIS_SENTINEL_HOSTS: "s1:26379, s2",
  };
  const { settings } = await load("name: a\n", { env });
  expect((await resolved(settings.redis.url as Secret, "/", env)).value).toBe(
    "rediss://:p@h:6379/2",
  );
  expect(settings.redis).toMatchObject({
    connections: 9,
    sentinel: { hosts: ["s1:26379", "s2"], master: "mymaster" },
  });
});

test("a variable that replaces another address of the file is reported", async () => {
  const text = "database: { url: { env: OWN_URL } }\nredis: { url: { env: REDIS_URL } }\n";
  const env = { DATABASE_URL: "sqlite:a", REDIS_URL: "redis://x" };
  expect((await load(text, { env })).warnings).toEqual([
    "The variable DATABASE_URL replaces database.url of studio.yaml:1.",
  ]);
});

test("a secret variable in a field that is not for secrets is reported", async () => {
  const { warnings } = await load('bench: { baseline: "${API_TOKEN:-x}" }\n');
  expect(warnings.join()).toMatch(/^bench\.baseline uses \$\{API_TOKEN\}, but it is no field/);
});

test("required variables that are missing or empty are listed", async () => {
  const text = "variables: { required: [A, B, C, D], file: .env }\n";
  const directory = await projectFolder({ "studio.yaml": text });
  await writeFile(join(directory, ".env"), "A=1\nB=\nC=file\n");
  const { settings } = await loadProject({ cwd: directory, env: {} });
  const variables = resolveVariables({
    settings,
    directory,
    env: { C: "real", X: "y", A: undefined },
  });
  expect(variables).toEqual({ A: "1", B: "", C: "real", X: "y" });
  expect(checkVariables(settings, variables)).toEqual(["B", "D"]);
});
