import { afterEach, describe, expect, test } from "vitest";
import {
  crashes,
  crashingAtOnce,
  divide,
  divisionModel,
  fatalDivision,
  writeModel,
} from "../support/crashing-model.ts";
import { processesOf, until } from "../support/processes.ts";
import { type Reply, askJson, startServe, startUpPatience } from "../support/serve.ts";
import { createProject, quickSettings } from "../support/studio.ts";

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const infer = "/v2/models/division/infer";
const question = { task: "language", text: "what is this" };

type Ask = (method: string, path: string, body?: unknown) => Promise<Reply>;

async function stateOf(ask: Ask, name: string): Promise<{ state: string; reason: string }> {
  const { body } = await ask("POST", "/v2/repository/index", {});
  return (body as unknown as { name: string; state: string; reason: string }[]).find(
    (one) => one.name === name,
  ) as { state: string; reason: string };
}

describe.skipIf(!crashes)("a model that crashes natively as it warms up", () => {
  test("ends `studio serve` three times; from then on it is left out and others serve", async () => {
    const served = await startServe({
      prepare: (directory) => writeModel(directory, "division", crashingAtOnce()),
    });
    closing.push(() => served.remove());
    expect(await served.ended()).toBe("SIGFPE");
    for (const _ of [2, 3]) {
      await served.start();
      expect(await served.ended()).toBe("SIGFPE");
    }
    await served.start();
    await until(
      "the others are warm",
      async () => {
        return (await served.ask("GET", "/health/ready")).status === 200;
      },
      startUpPatience,
    );
    expect(await stateOf(served.ask, "division")).toMatchObject({
      state: "UNAVAILABLE",
      reason: expect.stringMatching(/ended 2 times in a row while it was being loaded/) as string,
    });
    expect((await served.ask("POST", "/api/v1/text/process", question)).status).toBe(200);
    expect(await served.ask("POST", infer, divide(6, 3))).toMatchObject({ status: 503 });
    const health = await served.ask("GET", "/health");
    expect(health).toMatchObject({
      status: 200,
      body: { status: "degraded", components: { models: { status: "degraded" } } },
    });
    // Once its file is another one, it is loaded without further words.
    writeModel(served.directory, "division", divisionModel(0));
    await served.end();
    await served.start();
    await until(
      "it serves",
      async () => {
        return (await stateOf(served.ask, "division")).state === "READY";
      },
      startUpPatience,
    );
    expect((await served.ask("POST", infer, divide(6, 3))).body["outputs"]).toMatchObject([
      { name: "y", data: [3] },
    ]);
  }, 600_000);
});

describe.skipIf(!crashes)("a release with a model that some numbers crash", () => {
  test("is started again with all that was acknowledged; then the model is left out", async () => {
    const project = await createProject(quickSettings);
    closing.push(() => project.remove());
    writeModel(project.directory, "division", divisionModel(0));
    const deployed = await project.studio(["deploy"]);
    expect(deployed.exitCode, deployed.stderr).toBe(0);
    const ask: Ask = (method, path, body) => askJson(`${project.url}${path}`, method, body);
    const collection = "/api/v1/vector/collections/kept";
    expect((await ask("PUT", collection, { dimension: 1, metric: "dot" })).status).toBe(201);
    const ready = () =>
      until(
        "it is ready",
        () =>
          ask("GET", "/health/ready").then(
            ({ status }) => status === 200,
            () => false,
          ),
        startUpPatience,
      );
    for (const crash of [1, 2, 3]) {
      const items = [{ id: `item-${crash}`, vector: [crash] }];
      expect((await ask("POST", `${collection}/items`, { items })).status).toBe(201);
      const [before] = processesOf(project.directory).filter(({ kind }) => kind === "instance");
      await expect(ask("POST", infer, fatalDivision)).rejects.toThrow();
      await until(
        "another process runs",
        () =>
          processesOf(project.directory).some(
            ({ kind, pid }) => kind === "instance" && pid !== before?.pid,
          ),
        startUpPatience,
      );
      await ready();
      const { body } = await ask("POST", "/api/v1/vector/search", {
        collection: "kept",
        vector: [1],
        top_k: 10,
      });
      expect(body["results"]).toHaveLength(crash);
    }
    expect(await stateOf(ask, "division")).toMatchObject({
      state: "UNAVAILABLE",
      reason: expect.stringMatching(/ended by SIGFPE 2 times .* while it was computing/) as string,
    });
    expect(await ask("POST", infer, fatalDivision)).toMatchObject({
      status: 503,
      body: { error: expect.stringContaining("SIGFPE") as string },
    });
    expect((await ask("POST", "/api/v1/text/process", question)).status).toBe(200);
    const { stdout } = await project.studio(["logs", "--json"]);
    expect(stdout).toContain("did not end in good order");
    // Whoever wants it back says so.
    expect((await ask("POST", "/v2/repository/models/division/load", {})).status).toBe(200);
    expect((await ask("POST", infer, divide(6, 3))).body["outputs"]).toMatchObject([{ data: [3] }]);
  }, 900_000);
});
