import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { registry } from "../../commands/registry.ts";
import { everyStep } from "../support/every.ts";
import { type RunResult, type TestProject, collect, createProject } from "../support/studio.ts";

/** They run on, or hand over what another program writes or reads. */
const streaming = ["serve", "exec", "logs", "completion", "schedule daemon", "schedule metrics"];

/** What else has to be typed; the rest goes as it is. Nothing here may outlive its run. */
const words: Record<string, string[]> = {
  deploy: ["deploy", "--dry-run"],
  init: ["init", "--name", "test"],
  "backup show": ["backup", "show", "latest"],
  "backup diff": ["backup", "diff", "latest", "."],
  "backup undelete": ["backup", "undelete", "--all"],
  "backup copy": ["backup", "copy", "--to", "copy", "--all"],
  "backup restore": ["backup", "restore", "latest", "--target", "restored"],
  maintenance: ["maintenance", "on"],
  "bench suite": ["bench", "suite", "json", "--iterations", "1"],
  "model inspect": ["model", "inspect", "language"],
  "model pull": ["model", "pull", "absent.onnx"],
  "model quantize": ["model", "quantize", "absent"],
  "migrate down": ["migrate", "down", "--yes"],
  "migrate create": ["migrate", "create", "add users"],
  "migrate baseline": ["migrate", "baseline", "20260101T000000Z-all"],
  "migrate repair": ["migrate", "repair", "--relink"],
  "key rotate": ["key", "rotate", "k"],
  "key revoke": ["key", "revoke", "k"],
  "service install": ["service", "install", "--dry-run"],
  "service uninstall": ["service", "uninstall", "--dry-run"],
};

const leaves = registry.entries
  .filter((entry) => entry.hidden !== true && !streaming.includes(entry.words))
  .map((entry) => entry.words);

const projects: TestProject[] = [];

afterAll(() => {
  for (const { directory } of projects) rmSync(directory, { recursive: true, force: true });
});

async function runIn(
  settings: string,
  argv: readonly string[],
  more: Record<string, string> = {},
): Promise<RunResult> {
  const project = await createProject(settings);
  projects.push(project);
  return project.studio([...argv, "--json"], more);
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
  const brief = leaves.filter((leaf) => everyStep || leaf !== "bench self-test");
  test.concurrent.each(brief)("%s in an empty folder", async (leaf) => {
    expectDocument(leaf, await runIn("", words[leaf] ?? leaf.split(" ")));
  });

  test.concurrent("bench self-test, which takes minutes on a busy machine, broken off", async () => {
    const project = await createProject("");
    projects.push(project);
    const measuring = project.start(["bench", "self-test", "--json"]);
    const ended = collect(measuring);
    await sleep(3000);
    measuring.kill("SIGINT");
    const result = await ended;
    expectDocument("bench self-test", result);
    expect(result.exitCode).toBe(130);
  });

  const readers = leaves.filter((leaf) => !["doctor", "bench self-test"].includes(leaf));
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
    const result = await runIn("", ["status"], { NODE_OPTIONS });
    expectForm("status", result);
    expect(result.exitCode).toBe(exitCode);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code } });
  });

  test("for what cannot be typed", async () => {
    expectDocument("backup.restore", await runIn("", ["backup", "restore"]));
    expectDocument("history", await runIn("", ["history", "--no-such-option"]));
  });
});
