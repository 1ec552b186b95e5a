import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { classifierModel, votingWeights } from "../../unit/inference/onnx-file.ts";
import { figure } from "./figures.ts";
import { type Running, startRunning } from "./running.ts";

const width = 512;

let running: Running;

beforeAll(async () => {
  running = await startRunning({}, async (models) => {
    const folder = join(models, "slow", "1");
    await mkdir(folder, { recursive: true });
    const weights = votingWeights(width, 2);
    const slow = classifierModel({ width, classes: 2, weights, detours: 20 });
    await writeFile(join(folder, "model.onnx"), slow);
    await writeFile(join(folder, "config.yaml"), "instances: 1\nbatching: { rows: 1 }\n");
  });
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 30_000);
}, 60_000);

afterAll(() => running.close());

interface Setting {
  instances: number;
  batch_rows: number;
}

interface Report {
  before: Setting;
  proposal: Setting;
  applied: boolean;
}

async function optimize(apply: boolean): Promise<Report> {
  const body = { models: ["slow"], seconds: 1.5, apply };
  const answer = await running.send("POST", "/api/v1/optimize/performance", { body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return (answer.body as { models: Report[] }).models[0] as Report;
}

test("what is proposed is set when that is asked for, and the model computes so from then on", async () => {
  const rows = 8;
  const data = Array<number>(rows * width).fill(0.5);
  const inputs = [{ name: "features", datatype: "FP32", shape: [rows, width], data }];
  const runs = () => figure(running, "inference_exec_count", { model: "slow" });
  const runsOfCall = async (): Promise<number> => {
    const before = await runs();
    const answer = await running.send("POST", "/v2/models/slow/infer", { body: { inputs } });
    expect(answer.status).toBe(200);
    return (await runs()) - before;
  };
  expect(await runsOfCall()).toBe(rows);
  const proposed = await optimize(false);
  expect(proposed).toMatchObject({ before: { instances: 1, batch_rows: 1 }, applied: false });
  // Rows that are computed together share the reading of the weights.
  expect(proposed.proposal.batch_rows).toBeGreaterThan(1);
  const set = await optimize(true);
  expect(set).toMatchObject({ before: proposed.before, applied: true });
  expect(set.proposal.batch_rows).toBeGreaterThan(1);
  expect((await optimize(false)).before).toEqual(set.proposal);
  expect(await runsOfCall()).toBeLessThan(rows);
}, 120_000);
