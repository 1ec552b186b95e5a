/**
 * The limit: the bare session, rows after rows, on one thread as one worker has it.
 * node raw.ts MODEL SECONDS BATCH WIDTH TYPE
 */
import { sessionSettings } from "../../src/inference/session-settings.ts";

process.env["ORT_DISABLE_TELEMETRY"] = "1";
const [model = "", seconds = "", batch = "", width = "", type = ""] = process.argv.slice(2);
const runtime = await import("onnxruntime-node");
const session = await runtime.InferenceSession.create(model, sessionSettings(1));
const length = Number(batch) * Number(width);
const data =
  type === "int64" ? new BigInt64Array(length).fill(1n) : new Float32Array(length).fill(0.5);
const dims = [Number(batch), Number(width)];
const tensor = new runtime.Tensor(type as "float32", data as Float32Array, dims);
const feeds = Object.fromEntries(session.inputNames.map((name) => [name, tensor]));
for (let warm = 0; warm < 5; warm += 1) await session.run(feeds);
const used = process.cpuUsage();
const started = performance.now();
const latencies: number[] = [];
while (performance.now() - started < Number(seconds) * 1000) {
  const since = performance.now();
  await session.run(feeds);
  latencies.push(performance.now() - since);
}
const elapsed = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(used);
const items = latencies.length * Number(batch);
latencies.sort((one, other) => one - other);
const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
const processorTime = (user + system) / items;
process.stdout.write(
  JSON.stringify({ items: items / elapsed, processorTime, p50: at(0.5), p99: at(0.99), health: 0 }),
);
