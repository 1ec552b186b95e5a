import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestProject, createProject } from "../../support/studio.ts";

let project: TestProject;

beforeAll(async () => {
  project = await createProject("name: test\n");
  project.write(
    "own.js",
    `const numbers = Array.from({ length: 500 }, (_, index) => (index * 7919) % 500);
     export const unit = 3;
     export function sort() { return numbers.toSorted((one, other) => one - other); }
     export async function wait() { await new Promise((done) => setTimeout(done, 1)); }`,
  );
});

afterAll(() => project.remove());

interface Answer {
  exitCode: number;
  error: { code: string; message: string } | null;
  result: {
    id: string;
    suite: string;
    benchmarks: { name: string; error: string | null; figures: { iterations: number } | null }[];
    comparison: { judgement: string; base: { id: string } } | null;
  };
}

async function suite(...words: string[]): Promise<Answer> {
  const { stdout } = await project.studio(["bench", "suite", ...words, "--json"]);
  return JSON.parse(stdout) as Answer;
}

describe("micro-benchmarks", () => {
  test("of one's own are the functions that a file exports", async () => {
    const { exitCode, result } = await suite(
      "./own.js",
      "--iterations",
      "25",
      "--output",
      "a.json",
    );
    expect(exitCode).toBe(0);
    expect(result.suite).toBe("own.js");
    expect(result.benchmarks.map(({ name }) => name).toSorted()).toEqual(["sort", "wait"]);
    for (const { figures } of result.benchmarks) expect(figures?.iterations).toBe(25);
    const written = JSON.parse(readFileSync(join(project.directory, "a.json"), "utf8")) as object;
    expect(written).toMatchObject({ kind: "suite", id: result.id, benchmarks: result.benchmarks });
  });

  test("are compared with a run that is kept, and with a file", async () => {
    const first = await suite("./own.js", "--iterations", "10", "--output", "b.json");
    const byRun = await suite("./own.js", "--baseline", "latest", "--output", "none");
    expect(byRun.result.comparison?.base.id).toBe(first.result.id);
    expect([0, 4, 9]).toContain(byRun.exitCode);
    const text = readFileSync(join(project.directory, "b.json"), "utf8");
    const fast = text.replaceAll(/"rounds": \[[^\]]*\]/g, `"rounds": [${"1e-9,".repeat(9)}1e-9]`);
    writeFileSync(join(project.directory, "b.json"), fast);
    const words = ["./own.js", "--baseline", "b.json", "--output", "none"];
    expect(await suite(...words)).toMatchObject({ exitCode: 4, error: { code: "bench.slower" } });
  });

  test("that throw, end their thread or are broken are told, and the others are timed", async () => {
    project.write(
      "broken.mjs",
      `export function refuses() { throw new Error("not today"); }
       export function leaves() { process.exit(0); }
       export function works() { return [1, 2].toReversed(); }`,
    );
    const { exitCode, error, result } = await suite("./broken.mjs", "--output", "none");
    expect(exitCode).toBe(3);
    expect(error?.message).toContain("refuses (not today)");
    const errors = Object.fromEntries(result.benchmarks.map((one) => [one.name, one.error]));
    expect(errors).toEqual({
      leaves: "it ended the thread",
      refuses: "not today",
      works: null,
    });
    const works = result.benchmarks.find(({ name }) => name === "works");
    expect(works?.figures?.iterations).toBeGreaterThanOrEqual(90);
  });

  test("cannot be read off a file that exports none, or does not load", async () => {
    project.write("none.js", "export const one = 1;");
    project.write("wrong.js", "export const = 1;");
    for (const file of ["./none.js", "./wrong.js"]) {
      const { exitCode, error } = await suite(file, "--output", "none");
      expect(exitCode).toBe(2);
      expect(error).toMatchObject({ code: "bench.suite.file" });
    }
  });

  test("do not replace a file that is somebody else's", async () => {
    project.write("notes.json", "{}");
    const { exitCode, error } = await suite("matrix", "--output", "notes.json");
    expect(exitCode).toBe(2);
    expect(error?.message).toContain("is not the output of a suite");
    expect(readFileSync(join(project.directory, "notes.json"), "utf8")).toBe("{}");
  });

  test("print nothing of their own beside the result, and one that hangs can be interrupted", async () => {
    project.write("loud.mjs", `export function loud() { console.log("loud"); while (true); }`);
    const child = project.start(["bench", "suite", "./loud.mjs", "--json"]);
    let stdout = "";
    child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
    setTimeout(() => child.kill("SIGINT"), 2500);
    const exitCode = await new Promise((done) => child.once("close", done));
    expect(exitCode).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 130, error: { code: "interrupted" } });
  });

  test("that come with studio include each model, and are listed apart from load tests", async () => {
    const { exitCode, result } = await suite("--iterations", "2");
    expect(exitCode).toBe(0);
    const names = result.benchmarks.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "matrix product 100x100",
        "tensor add",
        "json stringify",
        "json parse",
        expect.stringMatching(/^model language\//),
        expect.stringMatching(/^model embedding\//),
      ]),
    );
    const { stdout } = await project.studio(["bench", "list", "--json"]);
    const listed = JSON.parse(stdout) as { result: { runs: []; suites: { id: string }[] } };
    expect(listed.result.runs).toEqual([]);
    expect(listed.result.suites[0]?.id).toBe(result.id);
    const report = await project.studio(["bench", "report", "latest"]);
    expect(report.stderr).toContain("There is no bench run yet");
  });
});
