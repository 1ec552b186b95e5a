import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "../containers.ts";
import type { Docker } from "../docker.ts";
import { drainPause } from "./drain-pause.ts";
import { openConnections } from "./connections.ts";
import {
  type Abilities,
  abilitiesOf,
  maintenanceFile,
  maintenanceText,
  oldest,
  upstreamFile,
  upstreamText,
} from "./nginx-files.ts";
import { didNotReload, refusesConfiguration } from "./proxy-errors.ts";
import {
  readProxyFile,
  readProxyFiles,
  releaseIn,
  writePages,
  writeProxyFile,
} from "./proxy-files.ts";
import type { Proxy } from "./proxy.ts";
import { type StandingCommands, standingCommands } from "./standing-commands.ts";
import { takesOver } from "./take-over.ts";

/** It tells all that it reads. */
const tell = ["nginx", "-T"];
const reload = ["nginx", "-s", "reload"];

/** Milliseconds in which nginx must have started workers with the new configuration. */
const reloadPatience = 10_000;

/**
 * Milliseconds for which it lets new workers begin before it tells the former to end
 * (ngx_master_process_cycle): a look before that finds both.
 */
const handOver = 100;

const tooOld =
  "This nginx, before 1.27.3, looks names up when it is reloaded alone: a container that the engine " +
  "starts again may have another address, and is found by the next deploy only. And it closes " +
  "connections that clients keep as it is reloaded: a POST that is sent on one in that moment is lost.";

/** nginx, by an include in a mounted folder and its signal to reload. */
export function nginxProxy(docker: Docker, folder: string): Proxy {
  /** Workers from before the last reload, by container. */
  const former = new Map<string, string[]>();
  /** What it can do, by container. */
  const met = new Map<string, Promise<Abilities | null>>();
  const meet = async ({ id }: Container): Promise<Abilities> => {
    const known = met.get(id) ?? askAbilities(docker, id);
    met.set(id, known);
    const answer = await known;
    // One that did not answer, as while it starts, is asked again.
    if (answer === null) met.delete(id);
    return answer ?? oldest;
  };
  const standing = standingCommands(docker);
  const names = [upstreamFile, maintenanceFile];
  const takeOver = takesOver({
    docker,
    folder,
    names,
    tells: true,
    async check(container) {
      const workers = workersOf(docker, container);
      const read = await testConfiguration(docker, standing, container);
      former.set(container.id, await workers);
      return read;
    },
    reload: async (container) => {
      await tellToReload(docker, standing, container);
      await awaitNewWorkers(docker, container, former.get(container.id));
    },
  });
  return {
    kind: "nginx",
    told: () => readProxyFiles(folder, names),
    configured: () => releaseIn(readProxyFile(folder, upstreamFile)),
    inMaintenance: () => readProxyFile(folder, maintenanceFile) === maintenanceText(true),
    prepare(services, serves) {
      // nginx does not start where it cannot find the address of a name.
      if (!serves) {
        const nowhere = services.map((service) => ({ service, address: "", runs: false }));
        writeProxyFile(folder, upstreamFile, upstreamText(null, nowhere, oldest));
      }
      if (!serves) writePages(folder, { message: null });
      if (!serves || readProxyFile(folder, maintenanceFile) === null) {
        writeProxyFile(folder, maintenanceFile, maintenanceText(!serves));
      }
    },
    meet(containers) {
      // While the new colour becomes healthy: once it is, nothing waits for that.
      for (const container of containers) {
        void meet(container);
        for (const command of [tell, reload]) standing.prepare(container.id, command);
      }
    },
    async direct(run, order) {
      const answers = await Promise.all(order.containers.map(meet));
      const all: Abilities = {
        resolves: answers.length > 0 && answers.every(({ resolves }) => resolves),
        keeps: answers.length > 0 && answers.every(({ keeps }) => keeps),
      };
      const text = upstreamText(order.release, order.upstreams, all, order.drain);
      if (!all.resolves && order.release !== null && answers.length > 0) run.note(tooOld);
      await takeOver(run, order.containers, (reach) => {
        writeProxyFile(folder, upstreamFile, text);
        reach("upstreams-written");
        if (order.notice !== null) writePages(folder, order.notice);
        writeProxyFile(folder, maintenanceFile, maintenanceText(order.notice !== null));
      });
    },
    async drain({ containers, from, patience, signal }) {
      const deadline = Date.now() + patience;
      const pause = drainPause();
      for (const container of containers) {
        const wanted = former.get(container.id);
        while (await isAnyLeft(docker, container, wanted)) {
          if (Date.now() > deadline || signal?.aborted === true) {
            return (await openConnections(docker, containers, from)).length;
          }
          await pause();
        }
      }
      return 0;
    },
  };
}

async function askAbilities(docker: Docker, container: string): Promise<Abilities | null> {
  const { stdout, stderr } = await docker.attempt(["exec", container, "nginx", "-v", "-T"]);
  return abilitiesOf(stderr, stdout);
}

/** @returns all files, as nginx read them */
async function testConfiguration(
  docker: Docker,
  standing: StandingCommands,
  container: Container,
): Promise<string> {
  const { exitCode, stdout, stderr } =
    (await standing.run(container.id, tell)) ??
    (await docker.attempt(["exec", container.id, ...tell]));
  if (exitCode === 0) return stdout;
  const complaint = stderr.split("\n").find((line) => /emerg|error|crit/.test(line));
  throw refusesConfiguration("nginx", container, {
    complaint: complaint ?? stderr.trim(),
    check: ["nginx", "-t"],
  });
}

async function tellToReload(
  docker: Docker,
  standing: StandingCommands,
  container: Container,
): Promise<void> {
  if ((await standing.run(container.id, reload)) !== null) return;
  await docker.ask(["exec", container.id, ...reload], {
    failing: `${container.name} could not be reloaded`,
  });
}

async function awaitNewWorkers(
  docker: Docker,
  container: Container,
  former: readonly string[] | undefined,
): Promise<void> {
  const before = new Set(former);
  await sleep(handOver);
  for (const deadline = Date.now() + reloadPatience; Date.now() < deadline; await sleep(20)) {
    const workers = await listWorkers(docker, container);
    // New ones start before the former are told to accept no more: both answer for a moment.
    const accepting = workers.filter(({ accepts }) => accepts);
    if (accepting.length > 0 && accepting.every(({ pid }) => !before.has(pid))) return;
  }
  throw didNotReload(container, { seen: "its workers were not replaced" });
}

/** All workers; those that only finish what they began are among them, and accept nothing. */
async function listWorkers(
  docker: Docker,
  container: Container,
): Promise<{ pid: string; accepts: boolean }[]> {
  // Process ids are as the engine's host counts them.
  const { stdout } = await docker.attempt(["top", container.id, "-eo", "pid,args"]);
  return stdout
    .split("\n")
    .filter((line) => line.includes("nginx: worker process"))
    .map((line) => ({
      pid: line.trim().split(/\s+/)[0] ?? "",
      accepts: !line.includes("is shutting down"),
    }));
}

async function workersOf(docker: Docker, container: Container): Promise<string[]> {
  return (await listWorkers(docker, container)).map(({ pid }) => pid);
}

/** @param wanted undefined where another process reloaded it: all that accept no more */
async function isAnyLeft(
  docker: Docker,
  container: Container,
  wanted: readonly string[] | undefined,
): Promise<boolean> {
  if (wanted?.length === 0) return false;
  const workers = await listWorkers(docker, container);
  return workers.some(({ pid, accepts }) => wanted?.includes(pid) ?? !accepts);
}
