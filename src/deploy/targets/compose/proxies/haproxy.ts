import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "../containers.ts";
import type { Docker } from "../docker.ts";
import { drainPause } from "./drain-pause.ts";
import { openConnections } from "./connections.ts";
import { backendFile, backendText, turnsAway } from "./haproxy-files.ts";
import type { Proxy } from "./proxy.ts";
import { didNotReload, refusesConfiguration } from "./proxy-errors.ts";
import {
  readProxyFile,
  readProxyFiles,
  releaseIn,
  writePages,
  writeProxyFile,
} from "./proxy-files.ts";
import { takesOver } from "./take-over.ts";

/** Milliseconds in which HAProxy must have started a worker with the new configuration. */
const reloadPatience = 10_000;

const usualFile = "/usr/local/etc/haproxy/haproxy.cfg";

/** HAProxy's manual, section 4.2: it keeps a client's connection until the client was answered. */
const keeping = "option idle-close-on-response";

const closes =
  "This HAProxy closes connections that clients keep as it is reloaded: a POST that is sent on one " +
  `in that moment is lost. \`${keeping}\` among its \`defaults\` has it answer first, and ` +
  "`timeout http-keep-alive 5s` keeps that short.";

/**
 * HAProxy in master-worker mode (-W), by a file of backends in a mounted folder that is given to it
 * as a further `-f`, and SIGUSR2: the new worker takes the listening sockets over, the former
 * answers what it began.
 */
export function haproxyProxy(docker: Docker, folder: string): Proxy {
  /** Workers from before the last reload, by container. */
  const former = new Map<string, string[]>();
  const names = [backendFile];
  const takeOver = takesOver({
    docker,
    folder,
    names,
    check: (container) => checkConfiguration(docker, container),
    async reload(container) {
      former.set(container.id, await workersOf(docker, container));
      await reload(docker, container, former);
    },
  });
  return {
    kind: "haproxy",
    told: () => readProxyFiles(folder, names),
    configured: () => releaseIn(readProxyFile(folder, backendFile)),
    inMaintenance: () => turnsAway(readProxyFile(folder, backendFile)),
    prepare(services, serves, directory) {
      if (serves) return;
      const nowhere = services.map((service) => ({ service, address: "", runs: false }));
      const notice = { message: null };
      writePages(folder, notice);
      writeProxyFile(folder, backendFile, backendText(null, nowhere, notice, directory));
    },
    async direct(run, { release, upstreams, notice, containers, directory }) {
      if (release !== null) {
        const keep = await Promise.all(containers.map((one) => keepsConnections(docker, one)));
        if (keep.includes(false)) run.note(closes);
      }
      await takeOver(run, containers, (reach) => {
        if (notice !== null) writePages(folder, notice);
        reach("pages-written");
        const text = backendText(release, upstreams, notice, directory);
        writeProxyFile(folder, backendFile, text);
      });
    },
    async drain({ containers, from, patience, signal }) {
      const deadline = Date.now() + patience;
      const pause = drainPause();
      for (const container of containers) {
        const wanted = new Set(former.get(container.id));
        while ((await workersOf(docker, container)).some((pid) => wanted.has(pid))) {
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

/** The files that the container was told to read. */
function filesOf({ command }: Container): string[] {
  const files = command.flatMap((word, index) => (word === "-f" ? (command[index + 1] ?? []) : []));
  return (files.length > 0 ? files : [usualFile]).flatMap((file) => ["-f", file]);
}

/** Whether it says so anywhere; true where its files do not show. */
async function keepsConnections(docker: Docker, container: Container): Promise<boolean> {
  const files = filesOf(container).filter((word) => word !== "-f");
  const { stdout } = await docker.attempt(["exec", container.id, "cat", ...files]);
  const isSet = (line: string): boolean => line.trim().startsWith(keeping);
  return stdout === "" || stdout.split("\n").some(isSet);
}

async function checkConfiguration(docker: Docker, container: Container): Promise<null> {
  const argv = ["haproxy", "-c", ...filesOf(container)];
  const { exitCode, stderr } = await docker.attempt(["exec", container.id, ...argv]);
  if (exitCode === 0) return null;
  const complaint = stderr.split("\n").find((line) => line.includes("[ALERT]"));
  throw refusesConfiguration("HAProxy", container, {
    complaint: complaint ?? stderr.trim(),
    check: argv,
  });
}

async function reload(
  docker: Docker,
  container: Container,
  former: ReadonlyMap<string, string[]>,
): Promise<void> {
  const before = new Set(former.get(container.id));
  await docker.ask(["kill", "-s", "USR2", container.id], {
    failing: `${container.name} could not be told to reload`,
  });
  let seen: string[] = [];
  for (const deadline = Date.now() + reloadPatience; Date.now() < deadline; await sleep(50)) {
    const fresh = (await workersOf(docker, container)).filter((pid) => !before.has(pid));
    // Twice: one that cannot start is gone in a moment.
    if (fresh.some((pid) => seen.includes(pid))) return;
    seen = fresh;
  }
  throw didNotReload(container, {
    seen: "started no new worker",
    needs: "It must run as `haproxy -W`; ",
  });
}

/** Children of the master; process ids are as the engine's host counts them. */
async function workersOf(docker: Docker, { id }: Container): Promise<string[]> {
  const { stdout } = await docker.attempt(["top", id, "-eo", "pid,ppid,args"]);
  const processes = stdout
    .split("\n")
    .filter((line) => /haproxy\b.*-f/.test(line))
    .map((line) => line.trim().split(/\s+/));
  const all = new Set(processes.map(([pid = ""]) => pid));
  return processes.flatMap(([pid = "", parent = ""]) => (all.has(parent) ? [pid] : []));
}
