import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type RunResult,
  type TestProject,
  createProject,
  quickSettings,
} from "../support/studio.ts";

/** Each secret is given another way, and looks like nothing else. */
const secrets = {
  environment: "planted-environment-a1b2c3d4e5f60718",
  file: "planted-file-b2c3d4e5f60718293a4b5c6d",
  command: "planted-command-c3d4e5f60718293a4b5c",
  inline: "planted-inline-d4e5f60718293a4b5c6d7e",
  webhook: "planted-webhook-e5f60718293a4b5c6d7e",
  hook: "planted-hook-f60718293a4b5c6d7e8f9012",
};

const settings = `${quickSettings}  hooks: { before: ['test -n "$HOOK_TOKEN"'] }
serve:
  host: 0.0.0.0
  auth:
    keys: [{ env: API_KEY }, { file: secrets/key }, { command: "cat secrets/other" }, ${secrets.inline}]
notify:
  channels: { ops: { slack: { url: { env: SLACK_URL } } } }
`;

let project: TestProject;
const runs: RunResult[] = [];

async function studio(...argv: string[]): Promise<RunResult> {
  const result = await project.studio(argv, {
    API_KEY: secrets.environment,
    HOOK_TOKEN: secrets.hook,
    JWT_SECRET_KEY: `${secrets.environment}-jwt`,
    SLACK_URL: `https://hooks.example.com/${secrets.webhook}`,
  });
  runs.push(result);
  return result;
}

beforeAll(async () => {
  project = await createProject(settings);
  mkdirSync(join(project.directory, "secrets"));
  project.write("secrets/key", `${secrets.file}\n`);
  project.write("secrets/other", `${secrets.command}\n`);
  const { exitCode, stderr } = await studio("deploy", "--verbose");
  expect(exitCode, stderr).toBe(0);
}, 180_000);

afterAll(() => project.remove(), 180_000);

function ask(key: string | null): Promise<Response> {
  const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
  return fetch(`${project.url}/api/v1/vector/collections`, {
    headers: { connection: "close", ...authorization },
  });
}

describe("an API that is served off loopback", () => {
  test("answers nobody without a key", async () => {
    expect((await ask(null)).status).toBe(401);
    expect((await ask("guessed")).status).toBe(401);
  });

  test.each(["environment", "file", "command", "inline"] as const)(
    "takes the key that is given by %s",
    async (kind) => {
      expect((await ask(secrets[kind])).status).toBe(200);
    },
  );
});

describe("a secret", () => {
  test("is in no output of any command, also when it fails", async () => {
    await studio("deploy", "--json");
    await studio("status", "--json");
    await studio("config", "show", "--origin");
    await studio("config", "show", "--json");
    await studio("doctor", "--json");
    await studio("history", "latest", "--json");
    await studio("logs");
    await studio("rollback", "--json");
    await studio("exec", "--", "true");
    project.write("studio.yaml", settings.replace("HOOK_TOKEN", "HOOK_TOKENS"));
    expect((await studio("deploy")).exitCode).toBe(5);
    project.write("studio.yaml", settings.replace("{ command:", "{ commands:"));
    expect((await studio("deploy")).exitCode).toBe(2);
    project.write("studio.yaml", settings);
    for (const { stdout, stderr } of runs) expectNone(stdout + stderr);
  }, 180_000);

  test("is in no file of the state: journal, records, logs, snapshots", () => {
    const state = join(project.directory, ".studio");
    for (const entry of readdirSync(state, { recursive: true, withFileTypes: true })) {
      // What is kept of a release's code is the code.
      if (!entry.isFile() || entry.parentPath.includes(join("releases", "objects"))) continue;
      if (entry.parentPath.includes(join("releases", "code"))) continue;
      const file = join(entry.parentPath, entry.name);
      expectNone(readFileSync(file).toString("latin1"), file);
    }
    const ledger = new Database(join(state, "state.db"), { readonly: true });
    const tables = ledger
      .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all();
    for (const { name } of tables) {
      expectNone(JSON.stringify(ledger.prepare(`SELECT * FROM "${name}"`).all()), name);
    }
    ledger.close();
  });

  test("is in the arguments of no process", () => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      let line = "";
      try {
        line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      } catch {
        // It ended meanwhile.
      }
      expectNone(line, `process ${pid}`);
    }
  });
});

function expectNone(text: string, where = "output"): void {
  for (const secret of Object.values(secrets)) {
    expect(text.includes(secret), `${secret} in ${where}`).toBe(false);
  }
}
