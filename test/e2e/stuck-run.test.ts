import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { graph, model, node, value } from "../../src/inference/onnx/build.ts";
import { encodeModel } from "../../src/inference/onnx/model-file.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { processesOf, until } from "../support/processes.ts";
import { askJson, startUpPatience } from "../support/serve.ts";
import { type TestProject, createProject } from "../support/studio.ts";

let project: TestProject | undefined;

afterAll(() => project?.remove());

/** `y` is the sum of a matrix of the shape `n`, multiplied by itself again and again: as long as is liked. */
function endlessModel(): Buffer {
  const steps = 400;
  const products = Array.from({ length: steps }, (_, step) =>
    node("MatMul", [`m${step}`, "m0"], [`m${step + 1}`]),
  );
  return encodeModel(
    model({
      graph: graph({
        name: "endless",
        node: [
          node("ConstantOfShape", ["n"], ["m0"]),
          ...products,
          node("ReduceSum", [`m${steps}`], ["y"], { attributes: { keepdims: 0 } }),
        ],
        input: [value("n", "int64", [2])],
        output: [value("y", "float32", [])],
      }),
      operatorSets: { "": 17 },
      irVersion: 8,
    }),
  );
}

inLongForm(
  "a release whose model's run does not end gives up, is started again, and has all that it stored",
  async () => {
    project = await createProject();
    const { directory, url } = project;
    const folder = join(directory, "models", "endless", "1");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "model.onnx"), endlessModel());
    const deployed = await project.studio(["deploy"]);
    expect(deployed.exitCode, deployed.stderr).toBe(0);
    const ask = (method: string, path: string, body?: unknown) =>
      askJson(`${url}${path}`, method, body);
    const collection = "/api/v1/vector/collections/kept";
    expect((await ask("PUT", collection, { dimension: 1, metric: "dot" })).status).toBe(201);
    const items = [{ id: "kept", vector: [1] }];
    expect((await ask("POST", `${collection}/items`, { items })).status).toBe(201);
    const instances = () => processesOf(directory).filter(({ kind }) => kind === "instance");
    const [before] = instances();

    const inputs = [{ name: "n", datatype: "INT64", shape: [2], data: [6000, 6000] }];
    void ask("POST", "/v2/models/endless/infer", { inputs }).catch(() => undefined);
    const text = { task: "language", text: "what is this" };
    await until(
      "another process runs",
      () => instances().some(({ pid }) => pid !== before?.pid),
      600_000,
    );
    await until(
      "it is ready",
      () =>
        ask("GET", "/health/ready").then(
          ({ status }) => status === 200,
          () => false,
        ),
      startUpPatience,
    );
    expect(instances().map(({ pid }) => pid)).not.toContain(before?.pid);
    expect((await ask("POST", "/api/v1/text/process", text)).status).toBe(200);
    const search = { collection: "kept", vector: [1], top_k: 1 };
    expect((await ask("POST", "/api/v1/vector/search", search)).body).toMatchObject({
      results: [{ id: "kept" }],
    });
    const { stdout } = await project.studio(["logs", "--json"]);
    expect(stdout).toContain("model stuck");
  },
  1_200_000,
);
