/**
 * What the public loses while a stack is deployed and rolled back, by studio, by `docker compose
 * up -d` and by a second container beside the first (as docker-rollout does), under the same load
 * in turns: node benchmarks/deploy.ts [--deploys N] [--rollbacks N] [--timed N] [--check]
 * Then how long it takes where health is looked at as in studio's own stack: as a share of what
 * Docker needs itself to start, find healthy, stop and remove, when one has it do that alone. What
 * studio waits for so that no request is cut counts as its own; looking on for a while after the
 * switch, which is a setting, is set to nothing.
 * With --check a request that studio lost exits 1, and so does more than a tenth over Docker's time.
 * The load: twelve clients without a pause, half of
 * them on connections they keep, four in ten requests POST, two in ten of half a second; nginx
 * tries none twice, and the application dies at SIGTERM amid its requests. Needs a Docker Engine
 * (test/support/docker/engine.sh start has one on Debian).
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { noDocker } from "../test/support/docker/images.ts";
import { startLoad } from "../test/support/docker/load.ts";
import { type StackProject, createStackProject } from "../test/support/docker/stack-project.ts";
import { deploy, rollback, serving } from "../test/support/docker/stack-words.ts";
import { type PeerStack, startPeerStack } from "./deploy/peer-stack.ts";

const { values: given } = parseArgs({
  options: {
    deploys: { type: "string", default: "20" },
    rollbacks: { type: "string", default: "10" },
    timed: { type: "string", default: "3" },
    check: { type: "boolean", default: false },
  },
});

/** As in templates/stack/project/compose.yaml. */
const shippedInterval = "10s";

/** What a deploy may take, of the time that Docker needs itself. */
const most = 1.1;

/** Seconds of each time, and what became of the requests meanwhile. */
interface Row {
  subject: string;
  times: number[];
  answered: number;
  failures: string[];
  /** GETs sent once more on another connection. */
  repeated: number;
}

const say = (line: string): unknown => process.stdout.write(`${line}\n`);

/** @returns what the change did */
async function measure<T>(row: Row, url: string, change: () => Promise<T>): Promise<T> {
  const load = startLoad(url);
  const begun = performance.now();
  const result = await change();
  row.times.push((performance.now() - begun) / 1000);
  const { answered, failures, repeated } = await load.stop();
  row.answered += answered;
  row.repeated += repeated;
  row.failures.push(...failures);
  return result;
}

const newRow = (subject: string): Row => ({
  subject,
  times: [],
  answered: 0,
  failures: [],
  repeated: 0,
});

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

function print({ subject, times, answered, failures, repeated }: Row): void {
  const kinds = Map.groupBy(failures, (failure) => failure);
  const most = [...kinds].toSorted(([, one], [, other]) => other.length - one.length).slice(0, 4);
  say(
    [
      subject.padEnd(22),
      `${times.length} times`,
      `${failures.length} of ${answered + failures.length} requests failed`,
      `${repeated} GET repeated`,
      `median ${median(times).toFixed(1)} s`,
      ...most.map(([kind, all]) => `${all.length} ${kind}`),
    ].join("  "),
  );
}

async function studio(project: StackProject, argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await project.studio(argv);
  if (exitCode !== 0) throw new Error(`studio ${argv.join(" ")}: ${stderr}`);
}

/** Both stacks, with the application's health looked at so often. */
async function withStacks<T>(
  { interval, watch }: { interval: string; watch: string },
  work: (project: StackProject, peer: PeerStack) => Promise<T>,
): Promise<T> {
  const project = await createStackProject({ interval, watch });
  const peer = await startPeerStack(interval);
  try {
    await studio(project, deploy);
    return await work(project, peer);
  } finally {
    await Promise.all([project.remove(), peer.remove()]);
  }
}

/** @returns requests that studio lost */
async function countLost(project: StackProject, peer: PeerStack): Promise<number> {
  const rows = {
    deploy: newRow("studio deploy"),
    rollback: newRow("studio rollback"),
    plain: newRow("docker compose up -d"),
    rollout: newRow("second, then stop first"),
  };
  for (let round = 0; round < Number(given.deploys); round += 1) {
    await measure(rows.deploy, project.url, () => studio(project, deploy));
    if (round < Number(given.rollbacks)) {
      await measure(rows.rollback, project.url, () => studio(project, rollback));
    }
    await measure(rows.plain, peer.url, () => peer.plain());
    await measure(rows.rollout, peer.url, () => peer.rollout());
  }
  if ((await serving(project)) === null) throw new Error("nobody serves");
  Object.values(rows).forEach(print);
  return rows.deploy.failures.length + rows.rollback.failures.length;
}

/** @returns the time of a deploy, of Docker's own */
async function timeOver(project: StackProject, peer: PeerStack): Promise<number> {
  const rows = { deploy: newRow("studio deploy"), docker: newRow("Docker's own acts") };
  const untilHealthy: number[] = [];
  for (let round = 0; round < Number(given.timed); round += 1) {
    await measure(rows.deploy, project.url, () => studio(project, deploy));
    untilHealthy.push(await measure(rows.docker, peer.url, () => peer.rollout()));
  }
  const own = median(rows.deploy.times);
  const dockers = median(rows.docker.times);
  const start = median(untilHealthy);
  const share = own / dockers;
  say(
    `health each ${shippedInterval}: studio ${own.toFixed(1)} s, Docker ${dockers.toFixed(1)} s, ${start.toFixed(1)} of them to start and find healthy: ${share.toFixed(2)} (at most ${most})`,
  );
  return share;
}

const missing = noDocker();
if (missing !== null) throw new Error(missing);
say(`${cpus()[0]?.model ?? "unknown"}, ${cpus().length} processors, Node ${process.version}`);
const lost =
  Number(given.deploys) > 0 ? await withStacks({ interval: "1s", watch: "1s" }, countLost) : 0;
const share =
  Number(given.timed) > 0
    ? await withStacks({ interval: shippedInterval, watch: "0s" }, timeOver)
    : 0;
if (given.check && (lost > 0 || share > most)) process.exitCode = 1;
