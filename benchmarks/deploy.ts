/**
 * What the public loses while a stack is deployed and rolled back, by studio, by `docker compose
 * up -d` and by a second container beside the first (as docker-rollout does), under the same load
 * in turns: node benchmarks/deploy.ts [--deploys N] [--rollbacks N] [--check]
 * With --check a request that studio lost exits 1. The load: twelve clients without a pause, half of
 * them on connections they keep, four in ten requests POST, two in ten of half a second; nginx
 * tries none twice, and the application dies at SIGTERM amid its requests. Needs a Docker Engine
 * (test/support/docker/engine.sh start has one on Debian).
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { noDocker } from "../test/support/docker/images.ts";
import { startLoad } from "../test/support/docker/load.ts";
import { createStackProject } from "../test/support/docker/stack-project.ts";
import { deploy, rollback, serving } from "../test/support/docker/stack-words.ts";
import { startPeerStack } from "./deploy/peer-stack.ts";

const { values: given } = parseArgs({
  options: {
    deploys: { type: "string", default: "20" },
    rollbacks: { type: "string", default: "10" },
    check: { type: "boolean", default: false },
  },
});

/** Seconds that the stack of the tests is looked on at. */
const watch = 1;

/** Seconds of each time, and what became of the requests meanwhile. */
interface Row {
  subject: string;
  times: number[];
  answered: number;
  failures: string[];
}

const say = (line: string): unknown => process.stdout.write(`${line}\n`);

async function measure(row: Row, url: string, change: () => Promise<unknown>): Promise<void> {
  const load = startLoad(url);
  const begun = performance.now();
  await change();
  row.times.push((performance.now() - begun) / 1000);
  const { answered, failures } = await load.stop();
  row.answered += answered;
  row.failures.push(...failures);
}

const newRow = (subject: string): Row => ({ subject, times: [], answered: 0, failures: [] });

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

function print({ subject, times, answered, failures }: Row): void {
  const kinds = Map.groupBy(failures, (failure) => failure);
  const most = [...kinds].toSorted(([, one], [, other]) => other.length - one.length).slice(0, 4);
  say(
    [
      subject.padEnd(22),
      `${times.length} times`,
      `${failures.length} of ${answered + failures.length} requests failed`,
      `median ${median(times).toFixed(1)} s`,
      ...most.map(([kind, all]) => `${all.length} ${kind}`),
    ].join("  "),
  );
}

const missing = noDocker();
if (missing !== null) throw new Error(missing);
const project = await createStackProject();
const peer = await startPeerStack();
const rows = {
  deploy: newRow("studio deploy"),
  rollback: newRow("studio rollback"),
  plain: newRow("docker compose up -d"),
  rollout: newRow("second, then stop first"),
};

async function studio(argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await project.studio(argv);
  if (exitCode !== 0) throw new Error(`studio ${argv.join(" ")}: ${stderr}`);
}

try {
  say(`${cpus()[0]?.model ?? "unknown"}, ${cpus().length} processors, Node ${process.version}`);
  await studio(deploy);
  const [deploys, rollbacks] = [Number(given.deploys), Number(given.rollbacks)];
  for (let round = 0; round < deploys; round += 1) {
    await measure(rows.deploy, project.url, () => studio(deploy));
    if (round < rollbacks) await measure(rows.rollback, project.url, () => studio(rollback));
    await measure(rows.plain, peer.url, () => peer.plain());
    await measure(rows.rollout, peer.url, () => peer.rollout());
  }
  if ((await serving(project)) === null) throw new Error("nobody serves");
  Object.values(rows).forEach(print);
  const over = median(rows.deploy.times) - median(rows.rollout.times) - watch;
  say(
    `studio deploy takes ${over.toFixed(1)} s more than Docker's own acts, and looks on for ${watch} s`,
  );
} finally {
  await Promise.all([project.remove(), peer.remove()]);
}
const lost = rows.deploy.failures.length + rows.rollback.failures.length;
if (given.check && lost > 0) process.exitCode = 1;
