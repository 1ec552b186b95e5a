import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLoad } from "../support/load.ts";
import { type StudioProcess, processesOf, until } from "../support/processes.ts";
import { type TestProject, createProject } from "../support/studio.ts";

let project: TestProject;

beforeAll(async () => {
  project = await createProject();
  expect((await project.studio(["deploy"])).exitCode).toBe(0);
}, 180_000);

afterAll(() => project.remove(), 180_000);

function find(kind: StudioProcess["kind"]): number {
  const [found] = processesOf(project.directory).filter((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} runs`);
  return found.pid;
}

async function answers(): Promise<boolean> {
  try {
    const options = { headers: { connection: "close" }, signal: AbortSignal.timeout(1000) };
    return (await fetch(`${project.url}/health/ready`, options)).ok;
  } catch {
    return false;
  }
}

async function serving(): Promise<{ state: string; release: string }> {
  const { stdout } = await project.studio(["status", "--json"]);
  return JSON.parse(stdout).result.serving as { state: string; release: string };
}

/** Sockets and records of processes that are, or were, there. */
function leftovers(): string[] {
  const run = join(project.directory, ".studio", "run", "local");
  const names = readdirSync(run, { recursive: true }).map(String);
  return names.filter((name) => /\.(sock|json)$/.test(name));
}

const logOf = (release: string): string =>
  join(project.directory, ".studio", "logs", "local", `${release}.log`);

describe("a release that is killed", () => {
  test("is started again and answers", async () => {
    const before = find("instance");
    process.kill(before, "SIGKILL");
    await until("another process answers", async () => {
      const found = processesOf(project.directory).find((one) => one.kind === "instance");
      return found !== undefined && found.pid !== before && (await answers());
    });
    expect((await serving()).state).toBe("serving");
  });
});

describe("a supervisor that is killed", () => {
  test("is replaced while the release goes on, and no request fails", async () => {
    const load = startLoad(project.url, 4);
    const [supervisor, instance] = [find("supervisor"), find("instance")];
    process.kill(supervisor, "SIGKILL");
    await until("another supervisor runs", () => {
      const found = processesOf(project.directory).find((one) => one.kind === "supervisor");
      return found !== undefined && found.pid !== supervisor;
    });
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(find("instance")).toBe(instance);
  });

  test("leaves a release that a deploy still replaces, also one that was typed at once", async () => {
    const { release } = await serving();
    process.kill(find("supervisor"), "SIGKILL");
    const { exitCode, stderr } = await project.studio(["deploy"]);
    expect(exitCode, stderr).toBe(0);
    expect((await serving()).release).not.toBe(release);
    expect(processesOf(project.directory)).toHaveLength(2);
  });

  test("is not started again by a release that is taken down at that moment", async () => {
    process.kill(find("supervisor"), "SIGKILL");
    const { exitCode, stderr } = await project.studio(["down"]);
    expect(exitCode, stderr).toBe(0);
    expect(processesOf(project.directory)).toEqual([]);
    expect((await project.studio(["up"])).exitCode).toBe(0);
  });
});

describe("a supervisor that is told to end, as at a shutdown of the machine", () => {
  test("lets the release end first, and `up` starts it again", async () => {
    const { release } = await serving();
    process.kill(find("supervisor"), "SIGTERM");
    await until("both have ended", () => processesOf(project.directory).length === 0);
    expect(leftovers()).toEqual([]);
    expect(readFileSync(logOf(release), "utf8").trimEnd().split("\n").at(-1)).toContain(
      "daemon stopped",
    );
    expect((await serving()).state).toBe("not running");
    expect((await project.studio(["up"])).exitCode).toBe(0);
    expect(await serving()).toMatchObject({ state: "serving", release });
  });
});

describe("a supervisor that hangs", () => {
  test("is ended by `down`, and everything comes up again", async () => {
    process.kill(find("supervisor"), "SIGSTOP");
    const refused = await project.studio(["deploy"]);
    expect(refused.exitCode, refused.stderr).toBe(8);
    expect(refused.stderr).toContain("its supervisor does not answer");
    expect((await project.studio(["down"])).exitCode).toBe(0);
    expect(processesOf(project.directory)).toEqual([]);
    expect((await project.studio(["up"])).exitCode).toBe(0);
    expect(await answers()).toBe(true);
  }, 90_000);
});

describe("when both are killed", () => {
  test("`up` brings the same release back", async () => {
    const { release } = await serving();
    process.kill(find("supervisor"), "SIGKILL");
    process.kill(find("instance"), "SIGKILL");
    await until("nothing answers", async () => !(await answers()));
    expect((await serving()).state).not.toBe("serving");
    const { exitCode, stderr } = await project.studio(["up"]);
    expect(exitCode, stderr).toBe(0);
    expect(await answers()).toBe(true);
    expect((await serving()).release).toBe(release);
  });
});

describe("a release that keeps dying", () => {
  test("is started ever more rarely", async () => {
    let deaths = 0;
    const started = Date.now();
    while (deaths < 3) {
      await until("it runs", () =>
        processesOf(project.directory).some((one) => one.kind === "instance"),
      );
      process.kill(find("instance"), "SIGKILL");
      deaths += 1;
      await until("it is gone", () =>
        processesOf(project.directory).every((one) => one.kind !== "instance"),
      );
    }
    await until("it answers again", answers);
    // 250, 500 and 1,000 ms of waiting at the least.
    expect(Date.now() - started).toBeGreaterThan(1500);
  }, 180_000);
});

test("`down` ends both and leaves no socket", async () => {
  expect((await project.studio(["down"])).exitCode).toBe(0);
  expect(processesOf(project.directory)).toEqual([]);
  expect(leftovers()).toEqual([]);
  expect(readFileSync(join(project.directory, "studio.yaml"), "utf8")).toContain("name: test");
});
