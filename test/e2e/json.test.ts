import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registry } from "../../commands/registry.ts";
import { type RunResult, binary, collect, freePort } from "../support/studio.ts";

/** They run on, or hand over what another program writes or reads. */
const streaming = ["serve", "exec", "logs", "completion"];

/** What else has to be typed; the rest goes as it is. Nothing here may outlive its run. */
const words: Record<string, string[]> = {
  deploy: ["deploy", "--dry-run"],
  init: ["init", "--name", "test"],
  "backup restore": ["backup", "restore", "latest", "--target", "restored"],
  "migrate down": ["migrate", "down", "--yes"],
  "service install": ["service", "install", "--dry-run"],
  "service uninstall": ["service", "uninstall", "--dry-run"],
};

const leaves = registry.entries
  .filter((entry) => entry.hidden !== true && !streaming.includes(entry.words))
  .map((entry) => entry.words);

const folders: string[] = [];
let port: number;

beforeAll(async () => {
  port = await freePort();
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function runIn(
  settings: string | null,
  argv: readonly string[],
  more: Record<string, string> = {},
): Promise<RunResult> {
  const cwd = mkdtempSync(join(tmpdir(), "studio-json-"));
  folders.push(cwd);
  if (settings !== null) writeFileSync(join(cwd, "studio.yaml"), settings);
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    HOME: cwd,
    API_PORT: String(port),
    ...more,
  };
  const child = spawn(process.execPath, [binary, ...argv, "--json"], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return collect(child);
}

/** Fails unless stdout is one document in the agreed form that says what the process says. */
function expectDocument(leaf: string, result: RunResult): void {
  expect(result.stderr).not.toContain("This is a bug");
  expectForm(leaf, result);
}

function expectForm(leaf: string, { stdout, exitCode }: RunResult): void {
  const document = JSON.parse(stdout) as Record<string, unknown>;
  expect(Object.keys(document).sort()).toEqual(
    ["schema", "ok", "exitCode", "result", "warnings", "error"].sort(),
  );
  expect(document["schema"]).toBe(`studio.${leaf.replaceAll(" ", ".")}/v1`);
  expect(document["exitCode"]).toBe(exitCode);
  expect(document["ok"]).toBe(exitCode === 0);
  expect(document["warnings"]).toBeInstanceOf(Array);
  if (exitCode === 0) {
    expect(document["error"]).toBeNull();
    return;
  }
  expect(document["error"]).toMatchObject({
    code: expect.stringMatching(/^[a-z]+(\.[a-z-]+)*$/),
    message: expect.stringMatching(/\S/),
  });
}

describe("--json prints one document", () => {
  test.concurrent.each(leaves)("%s in an empty folder", async (leaf) => {
    expectDocument(leaf, await runIn(null, words[leaf] ?? leaf.split(" ")));
  });

  const readers = leaves.filter((leaf) => leaf !== "doctor");
  test.concurrent.each(readers)("%s with a studio.yaml that is broken", async (leaf) => {
    const result = await runIn("deploy: [\n", words[leaf] ?? leaf.split(" "));
    expectDocument(leaf, result);
    expect(result.exitCode).toBe(2);
  });

  test("doctor with a studio.yaml that is broken, which is a finding", async () => {
    const result = await runIn("deploy: [\n", ["doctor"]);
    expectDocument("doctor", result);
    expect(result.exitCode).not.toBe(0);
  });

  test.each([
    ["throws", 'throw new Error("not today")', 1, "bug"],
    [
      "lacks a package",
      'return next("data:text/javascript,import%20%22absent%22", context)',
      8,
      "installation.incomplete",
    ],
  ])("for a command whose module %s", async (_how, statement, exitCode, code) => {
    const hook = `import { registerHooks } from "node:module";
      registerHooks({ load(url, context, next) {
        if (url.endsWith("/commands/status.ts")) { ${statement} }
        return next(url, context);
      } });`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`;
    const result = await runIn(null, ["status"], { NODE_OPTIONS });
    expectForm("status", result);
    expect(result.exitCode).toBe(exitCode);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code } });
  });

  test("for what cannot be typed", async () => {
    expectDocument("backup.restore", await runIn(null, ["backup", "restore"]));
    expectDocument("history", await runIn(null, ["history", "--no-such-option"]));
  });
});
