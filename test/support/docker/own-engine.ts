import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A Docker daemon that a test may kill: others use the machine's own. */
export interface OwnEngine {
  /** DOCKER_HOST. */
  host: string;
  start(): Promise<void>;
  /** SIGKILL: it has no time to end what runs. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

/** On a disk, not in memory: images are unpacked there. Short, for the paths of its sockets. */
const parent = "/var/tmp";

/** @param images that it has from the machine's own engine */
export async function startOwnEngine(images: readonly string[]): Promise<OwnEngine> {
  const folder = mkdtempSync(join(parent, "studio-engine-"));
  const host = `unix://${join(folder, "docker.sock")}`;
  const machines = defaultBridge();
  let daemon: ChildProcess | null = null;
  const engine: OwnEngine = {
    host,
    async start() {
      // On a busy machine its containerd is given up too early: then once more.
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        daemon = spawnDaemon(folder, host);
        const isUp = await answers(host, daemon);
        bringBack(machines);
        if (isUp) return;
      }
      const log = readFileSync(join(folder, "log"), "utf8");
      throw new Error(`dockerd does not answer: ${log.slice(-2000)}`);
    },
    async kill() {
      if (daemon?.exitCode !== null || daemon.signalCode !== null) return;
      daemon.kill("SIGKILL");
      await once(daemon, "exit");
    },
    async remove() {
      // Only a daemon ends its containers: those of one that was killed go on.
      if (daemon?.exitCode !== null || daemon.signalCode !== null) await engine.start();
      removeNetworks(host);
      daemon?.kill("SIGTERM");
      if (daemon !== null) await once(daemon, "exit");
      for (const mounted of mountsBelow(folder)) spawnSync("umount", ["-l", mounted]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  await engine.start();
  const file = join(folder, "images.tar");
  execFileSync("docker", ["save", "-o", file, ...images]);
  execFileSync("docker", ["-H", host, "load", "-q", "-i", file], { stdio: "pipe" });
  rmSync(file);
  return engine;
}

function spawnDaemon(folder: string, host: string): ChildProcess {
  const log = openSync(join(folder, "log"), "a");
  const daemon = spawn("dockerd", optionsOf(folder, host), { stdio: ["ignore", log, log] });
  closeSync(log);
  return daemon;
}

function optionsOf(folder: string, host: string): string[] {
  return [
    `--host=${host}`,
    `--data-root=${join(folder, "data")}`,
    `--exec-root=${join(folder, "run")}`,
    `--pidfile=${join(folder, "pid")}`,
    // That one is the machine's own engine's; each stack has a network of its own.
    "--bridge=none",
    // Nor the addresses of its networks: of two bridges with the same, one is never reached.
    "--default-address-pool=base=10.213.0.0/16,size=24",
  ];
}

/** @returns false where it ended instead */
async function answers(host: string, daemon: ChildProcess): Promise<boolean> {
  while (daemon.exitCode === null) {
    if (spawnSync("docker", ["-H", host, "info"]).status === 0) return true;
    await sleep(200);
  }
  return false;
}

/** The address of the bridge that containers of the machine's own engine are on; null: none. */
function defaultBridge(): string | null {
  const { status, stdout } = spawnSync("ip", ["-o", "-4", "address", "show", "dev", "docker0"], {
    encoding: "utf8",
  });
  return status === 0 ? (/ inet (\S+)/.exec(stdout)?.[1] ?? null) : null;
}

/** An engine that starts without that bridge takes it away from the other. */
function bringBack(address: string | null): void {
  if (address === null || defaultBridge() !== null) return;
  const ip = (...argv: string[]) => execFileSync("ip", argv, { stdio: "ignore" });
  ip("link", "add", "name", "docker0", "type", "bridge");
  ip("address", "add", address, "broadcast", "+", "dev", "docker0");
  ip("link", "set", "docker0", "up");
}

/** Their bridges and addresses are the machine's, and would outlast the daemon. */
function removeNetworks(host: string): void {
  const list = (...argv: string[]) =>
    execFileSync("docker", ["-H", host, ...argv], { encoding: "utf8" })
      .split("\n")
      .filter(Boolean);
  const containers = list("ps", "-aq");
  if (containers.length > 0) list("rm", "-f", "-v", ...containers);
  list("network", "prune", "-f");
}

/** Those that a daemon left that was killed, the innermost first. */
function mountsBelow(folder: string): string[] {
  return readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${folder}/`))
    .toReversed();
}
