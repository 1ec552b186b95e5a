// A process with the models of a folder, which may end it. Given as JSON in the first argument: the
// folder, the file of the crash record, the signal that ended the process before, and whether to
// compute what crashes. Prints the states of the models as JSON.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CrashRecord } from "../../../src/inference/crashes/crash-record.ts";
import { openModels } from "../../../src/inference/open-models.ts";

interface Order {
  folder: string;
  endedBy: string | null;
  /** Compute the smallest int32 divided by -1. */
  fatal: boolean;
  /** Load the model that was left out. */
  load?: boolean;
}

const { folder, endedBy, fatal, load } = JSON.parse(process.argv[2] ?? "{}") as Order;
const crashes = CrashRecord.open({ file: join(folder, "record"), endedBy }, new Date());
const silent = { info: () => undefined, error: () => undefined };
const pool = await openModels({
  folders: [join(folder, "models")],
  bundled: join(folder, "none"),
  log: silent,
  crashes,
  instances: 1,
});
pool.start();
while (!pool.settled) await sleep(5);
if (load === true) await pool.load("division");
if (fatal) {
  const scalar = (value: number) => ({ type: "int32", dims: [1], data: Int32Array.of(value) });
  await pool
    .require("division")
    .infer({ a: scalar(-(2 ** 31)), b: scalar(0) }, { timeout: 60_000 })
    .catch(() => undefined);
}
process.stdout.write(
  JSON.stringify({
    states: pool.index().map(({ name, state, reason }) => ({ name, state, reason })),
    ready: pool.ready,
    last: crashes?.last ?? null,
  }),
);
await pool.close();
crashes?.close();
