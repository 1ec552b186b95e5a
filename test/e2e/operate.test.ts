import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processesOf, until } from "../support/processes.ts";
import { type TestProject, collect, createProject, quickSettings } from "../support/studio.ts";

let project: TestProject;

async function json<T>(...argv: string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await project.studio([...argv, "--json"]);
  expect(exitCode, stderr).toBe(0);
  return (JSON.parse(stdout) as { result: T }).result;
}

describe("a first deploy that fails", () => {
  let failing: TestProject;

  beforeAll(async () => {
    failing = await createProject(quickSettings.replace("errors<1%", "p50<0.0001ms"));
  });

  afterAll(() => failing.remove(), 180_000);

  test("leaves no process, socket or unfinished file, and the next one works", async () => {
    const { exitCode, stderr } = await failing.studio(["deploy"]);
    expect(exitCode, stderr).toBe(5);
    expect(stderr).toContain("missed its gate: p50<0.0001ms (was ");
    expect(processesOf(failing.directory)).toEqual([]);
    const left = readdirSync(join(failing.directory, ".studio"), { recursive: true }).map(String);
    expect(left.filter((name) => /\.(sock|partial|building|tmp)$/.test(name))).toEqual([]);
    await expect(fetch(failing.url)).rejects.toThrow();
    failing.write("studio.yaml", quickSettings);
    expect((await failing.studio(["deploy"])).exitCode).toBe(0);
    expect((await fetch(`${failing.url}/health/ready`)).status).toBe(200);
  }, 180_000);
});

describe("a deployed studio", () => {
  beforeAll(async () => {
    project = await createProject(
      `${quickSettings}  hooks:
    before: ['echo before >> hooks.log']
    after: ['echo after >> hooks.log']
    failed: ['echo failed >> hooks.log']
features: { vectorSearch: true }
`,
    );
    expect((await project.studio(["deploy", "-m", "the first"])).exitCode).toBe(0);
  }, 180_000);

  afterAll(() => project.remove(), 180_000);

  test("is described by `status`", async () => {
    const status = await json<Record<string, unknown>>("status");
    expect(status).toMatchObject({
      environment: "local",
      serving: { state: "serving" },
      schema: { pending: [] },
      backup: { verified: true },
      operation: null,
    });
    expect(status["jobs"]).toContainEqual({
      name: "models",
      next: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
  });

  test("is taken down and brought up, each of them once", async () => {
    const plan = await json<{ plan: { steps: string[] } }>("down", "--dry-run");
    expect(plan.plan.steps.length).toBeGreaterThan(0);
    expect((await fetch(`${project.url}/health/ready`)).status).toBe(200);
    expect(await json("down")).toMatchObject({ changed: true });
    expect(processesOf(project.directory)).toEqual([]);
    expect(await json("down")).toMatchObject({ changed: false });
    expect(await json("up", "--dry-run")).toMatchObject({ plan: { release: expect.any(String) } });
    expect(processesOf(project.directory)).toEqual([]);
    expect(await json("up")).toMatchObject({ changed: true });
    expect(await json("up")).toMatchObject({ changed: false });
    expect((await fetch(`${project.url}/health/ready`)).status).toBe(200);
  }, 180_000);

  test("tells in `history` who did what, why, and how it ended", async () => {
    const operations =
      await json<{ kind: string; message: string | null; outcome: string }[]>("history");
    expect(operations.at(-1)).toMatchObject({
      kind: "deploy",
      message: "the first",
      outcome: "succeeded",
    });
    expect(operations.map(({ kind }) => kind)).toContain("down");
    const first = operations.at(-1) as unknown as { id: string };
    const [one] = await json<{ steps: { step: string }[] }[]>("history", first.id);
    expect(one?.steps.length).toBeGreaterThan(2);
  });

  test("runs a command in its environment and ends as it ended", async () => {
    const fine = await project.studio(["exec", "--", "sh", "-c", "echo $STUDIO_ENV; exit 0"]);
    expect(fine.exitCode).toBe(0);
    expect((await project.studio(["exec", "--", "sh", "-c", "exit 42"])).exitCode).toBe(42);
  });

  test("is told which features are on, as is what is run in its environment", async () => {
    const told = "STUDIO_FEATURE_VECTOR_SEARCH";
    const { stdout } = await project.studio(["exec", "--", "printenv", told]);
    expect(stdout.trim()).toBe("true");
    const [instance] = processesOf(project.directory).filter(({ kind }) => kind === "instance");
    const variables = readFileSync(`/proc/${instance?.pid}/environ`, "utf8").split("\0");
    expect(variables).toContain(`${told}=true`);
  });

  test("keeps running when it is asked to remove volumes that it cannot have", async () => {
    const refused = await project.studio(["down", "--volumes", "--yes"]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('"local" has no volumes');
    expect((await json<{ serving: { state: string } }>("status")).serving.state).toBe("serving");
  });

  test("shows its log, and follows it across a deploy", async () => {
    expect((await project.studio(["logs"])).stdout).toContain('"level"');
    const follower = project.start(["logs", "-f", "--json"]);
    const ended = collect(follower);
    let seen = "";
    follower.stdout?.on("data", (chunk) => (seen += String(chunk)));
    await sleep(500);
    expect((await project.studio(["deploy"])).exitCode).toBe(0);
    const { serving } = await json<{ serving: { release: string } }>("status");
    await until("the new release's lines are shown", () => seen.includes(serving.release));
    follower.kill("SIGINT");
    // Nothing was broken off: it ends as it was asked to.
    expect((await ended).exitCode).toBe(0);
    for (const line of seen.trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
  }, 180_000);

  test("runs hooks as steps", async () => {
    const log = await project.studio(["exec", "--", "cat", "hooks.log"]);
    expect(log.stdout.split("\n").slice(0, 2)).toEqual(["before", "after"]);
  });

  test("is left as it was by a hook that fails", async () => {
    const { serving } = await json<{ serving: { release: string } }>("status");
    project.write(
      "studio.yaml",
      `${quickSettings}  hooks: { before: ['echo the reason >&2; exit 3'], failed: ['touch told'] }\n`,
    );
    const { exitCode, stderr } = await project.studio(["deploy"]);
    project.write("studio.yaml", quickSettings);
    expect(exitCode).toBe(5);
    expect(stderr).toContain("the reason");
    expect(existsSync(join(project.directory, "told"))).toBe(true);
    expect(await json("status")).toMatchObject({ serving: { release: serving.release } });
  }, 180_000);

  test("ends at once although a client keeps its connection", async () => {
    const { Agent, get } = await import("node:http");
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      get(`${project.url}/health/live`, { agent }, (answer) => {
        answer.resume().on("end", resolve);
      }).on("error", reject);
    });
    const started = Date.now();
    expect((await project.studio(["down"])).exitCode).toBe(0);
    agent.destroy();
    expect(Date.now() - started).toBeLessThan(4000);
  }, 180_000);
});
