import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseScenario } from "../../../src/bench/scenario/scenario.ts";
import { loadScenario } from "../../../src/bench/scenario/scenario-files.ts";
import { StudioError } from "../../../src/errors.ts";

const bundled = join(import.meta.dirname, "../../../benchmarks");

function problemOf(text: string): StudioError {
  try {
    parseScenario(text, "load.yaml");
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
  throw new Error("the scenario was accepted");
}

describe("reading a scenario", () => {
  it("fills in what is not said", () => {
    const text = "name: tiny\nusers: 1\nduration: 1.5s\nrequests: [{ path: /health/live }]";
    expect(parseScenario(text, "tiny.yaml")).toEqual({
      name: "tiny",
      description: "",
      users: 1,
      duration: 1500,
      rampUp: 0,
      warmUp: 0,
      thinkTime: 0,
      timeout: 10_000,
      requests: [{ method: "GET", path: "/health/live", headers: {}, weight: 1, expect: {} }],
      thresholds: [],
      flows: [],
      aborts: [],
      open: null,
    });
  });

  it("with a rate and stages has them in requests a second and milliseconds", () => {
    const text = `name: ramp
rate: 20
stages: [{ to: 100, for: 30s }, { to: 0, for: 10s }]
arrivals: poisson
seed: 9
requests: [{ path: / }]`;
    expect(parseScenario(text, "ramp.yaml")).toMatchObject({
      users: 0,
      duration: 40_000,
      open: {
        stages: [
          { from: 20, to: 100, duration: 30_000 },
          { from: 100, to: 0, duration: 10_000 },
        ],
        spacing: { kind: "poisson", seed: 9 },
      },
    });
  });

  it.each([
    ["users: 1\nrate: 5\nduration: 1s", "users"],
    ["users: 1\nduration: 1s\nmaxInFlight: 5", "maxInFlight"],
    ["rate: 5", "duration"],
    ["stages: [{ to: 5, for: 1s }]\nduration: 1s", "duration"],
    ["stages: [{ to: 5, for: 1s }]\nwarmUp: 1s", "warmUp"],
    ["rate: 0\nduration: 1s", "rate"],
    ["duration: 1s", "users"],
  ])("refuses %j, and names %s", (lines, key) => {
    const problem = problemOf(`name: mixed\nrequests: [{ path: / }]\n${lines}`);
    expect(problem.message).toContain(`${key}: `);
  });

  it("names everything that is wrong at once, each with its line", () => {
    const problem = problemOf(`name: Bad Name
users: 0
duration: 3 parsecs
colour: red
requests:
  - { path: nope, method: HEAD }
  - path: /
    expect: { status: 99 }
    headers: { Connection: close }
thresholds:
  - errors<1%
  - p97<1s
`);
    expect(problem.exitCode).toBe(2);
    const places = problem.message
      .split("\n")
      .slice(1)
      .map((line) => line.split(": ", 2).join(" "));
    expect(places).toEqual([
      "load.yaml:1 name",
      "load.yaml:2 users",
      "load.yaml:3 duration",
      "load.yaml:4 colour",
      "load.yaml:6 requests.0.method",
      "load.yaml:6 requests.0.path",
      "load.yaml:8 requests.1.expect.status",
      "load.yaml:9 requests.1.headers",
      "load.yaml:12 thresholds.1.threshold",
    ]);
    expect(problem.message).toContain('Did you mean "p90<1s"?');
  });

  it.each([
    ["broken YAML", "name: ["],
    ["an empty file", ""],
    ["a key that is there twice", "name: a\nname: b"],
    ["aliases that multiply without end", bomb()],
  ])("refuses %s as a mistake of the file", (_, text) => {
    expect(problemOf(text)).toMatchObject({ exitCode: 2, code: "bench.scenario.invalid" });
  });

  it.each(['"a\\r\\nX-Injected: b"', '"a\\nb"'])(
    "refuses a header with a line break: %s",
    (value) => {
      const request = `requests: [{ path: /, headers: { X-Note: ${value} } }]`;
      expect(problemOf(`name: a\nusers: 1\nduration: 1s\n${request}`).message).toContain(
        "one line",
      );
    },
  );
});

function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const items = Array.from({ length: 9 }, () => (level === 0 ? "x" : `*l${level - 1}`));
    return `l${level}: &l${level} [${items.join(", ")}]`;
  });
  return levels.join("\n");
}

describe("finding scenarios", () => {
  let project: string;
  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), "studio-scenarios-"));
    const own = "name: smoke\ndescription: ours\nusers: 3\nduration: 5s\nrequests: [{ path: / }]";
    await writeFile(join(project, "smoke.yaml"), own);
    await writeFile(join(project, "broken.yaml"), "name: broken\nusers: many");
    await writeFile(join(project, "other.yaml"), own);
    await writeFile(join(project, "notes.md"), "not a scenario");
  });
  afterAll(() => rm(project, { recursive: true }));

  it("takes the project's own before the bundled one", async () => {
    expect((await loadScenario("smoke", [project, bundled])).description).toBe("ours");
    expect((await loadScenario("smoke", [bundled])).users).toBe(10);
    expect((await loadScenario("smoke", [join(project, "absent"), bundled])).users).toBe(10);
  });

  it("refuses one that is not valid, by its line, or that has another name", async () => {
    await expect(loadScenario("broken", [project, bundled])).rejects.toThrow("broken.yaml:2");
    await expect(loadScenario("other", [project, bundled])).rejects.toThrow('calls itself "smoke"');
  });

  it("answers an unknown name with the known ones and the one that is meant", async () => {
    const refused = loadScenario("somke", [project, bundled]);
    await expect(refused).rejects.toMatchObject({ exitCode: 2, hint: 'Did you mean "smoke"?' });
    await expect(refused).rejects.toThrow("endurance");
  });

  it("does not look outside its folders", async () => {
    const refused = loadScenario("../benchmarks/smoke", [bundled]);
    await expect(refused).rejects.toMatchObject({ code: "bench.scenario.unknown" });
  });
});

describe("the bundled scenarios", () => {
  it.each([
    ["smoke", 10, 2],
    ["baseline", 50, 10],
    ["stress", 200, 15],
    ["spike", 500, 5],
    ["endurance", 100, 60],
  ])("%s has %i users for %i minutes", async (name, users, minutes) => {
    const text = await readFile(join(bundled, `${name}.yaml`), "utf8");
    const scenario = parseScenario(text, name);
    expect(scenario).toMatchObject({ name, users, duration: minutes * 60_000 });
    expect(scenario.thresholds).toEqual(expect.arrayContaining(["p95<500ms", "errors<1%"]));
  });

  it("starts the users of baseline five a second", async () => {
    const { users, rampUp } = await loadScenario("baseline", [bundled]);
    expect(users / (rampUp / 1000)).toBe(5);
  });
});
