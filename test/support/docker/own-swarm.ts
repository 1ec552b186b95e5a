import { execFileSync, spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { testImage } from "./images.ts";

/** A Swarm of engines that run in containers: that of the machine's own engine would be everyone's. */
export interface OwnSwarm {
  /** DOCKER_HOST of the first node, a manager. */
  host: string;
  /** Address of each node, the first one's first. */
  addresses: string[];
  /** Address of this machine as the nodes see it. */
  gateway: string;
  /** Words before a program's by which it sees the network as the first node does. */
  within: string[];
  /** Takes a node away at once. */
  kill(index: number): void;
  /** Takes it away with all that runs on it, as where it loses its power, and starts it again. */
  reboot(index: number): Promise<void>;
  remove(): void;
}

/** What an engine in a container needs; `--privileged` asks for more than some machines give. */
const rights = [
  "--cap-add=ALL",
  "--cap-drop=SYS_RESOURCE",
  ...["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"].flatMap((option) => [
    "--security-opt",
    option,
  ]),
  "-v",
  "/sys/fs/cgroup:/sys/fs/cgroup:rw",
  // As on a machine: what an engine noted of its processes is gone after a boot.
  "--tmpfs=/run:exec",
];

interface SwarmShape {
  nodes?: number;
  joined?: boolean;
  registry?: boolean;
}

/**
 * @param images that each node has from the machine's own engine
 * @param joined false: the engines run, and are no Swarm
 * @param registry true: there is one to pull from, and the first node alone has the images
 */
export async function startOwnSwarm(
  images: readonly string[],
  { nodes = 1, joined = true, registry = false }: SwarmShape = {},
): Promise<OwnSwarm> {
  const name = `studio-swarm-${process.pid}-${Date.now().toString(36)}`;
  const names = Array.from({ length: nodes }, (_, index) => `${name}-${index + 1}`);
  docker(["network", "create", name]);
  const swarm: OwnSwarm = {
    host: "",
    addresses: [],
    gateway: "",
    within: [],
    kill(index) {
      docker(["kill", names[index] ?? ""]);
    },
    async reboot(index) {
      swarm.kill(index);
      docker(["start", names[index] ?? ""]);
      await answers(`tcp://${swarm.addresses[index]}:2375`);
    },
    remove() {
      // With the volume that holds the engine's own images and containers.
      spawnSync("docker", ["rm", "-f", "-v", ...names]);
      spawnSync("docker", ["network", "rm", name]);
    },
  };
  try {
    const image = testImage("swarm-node");
    for (const [index, one] of names.entries()) {
      const hostname = ["--hostname", `node${index + 1}`];
      const asks = registry ? [] : ["-e", "DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1"];
      docker([
        "run",
        "-d",
        "--name",
        one,
        ...hostname,
        ...asks,
        "--network",
        name,
        ...rights,
        image,
      ]);
    }
    swarm.addresses = names.map(addressOf);
    const gateway = "{{range .IPAM.Config}}{{.Gateway}}{{end}}";
    swarm.gateway = docker(["network", "inspect", "-f", gateway, name]).trim();
    const pid = docker(["inspect", "-f", "{{.State.Pid}}", names[0] ?? ""]).trim();
    swarm.within = ["nsenter", "--target", pid, "--net"];
    const hosts = swarm.addresses.map((address) => `tcp://${address}:2375`);
    swarm.host = hosts[0] ?? "";
    for (const host of hosts) await answers(host);
    for (const host of registry ? [swarm.host] : hosts) load(images, host);
    if (joined) join(hosts, swarm.addresses);
    return swarm;
  } catch (error) {
    swarm.remove();
    throw error;
  }
}

/** The other nodes are managers as well. */
function join([first = "", ...others]: string[], [address = "", ...more]: string[]): void {
  docker(["-H", first, "swarm", "init", "--advertise-addr", address]);
  if (others.length === 0) return;
  const token = docker(["-H", first, "swarm", "join-token", "-q", "manager"]).trim();
  for (const [index, host] of others.entries()) {
    const own = ["--advertise-addr", more[index] ?? ""];
    docker(["-H", host, "swarm", "join", "--token", token, ...own, `${address}:2377`]);
  }
}

function load(images: readonly string[], host: string): void {
  const line = 'docker save "$@" | docker -H "$HOST" load -q';
  execFileSync("sh", ["-c", line, "sh", ...images], { env: { ...process.env, HOST: host } });
}

async function answers(host: string): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if (spawnSync("docker", ["-H", host, "info"]).status === 0) return;
    await sleep(200);
  }
  throw new Error(`the engine ${host} does not answer`);
}

function addressOf(container: string): string {
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  return docker(["inspect", "-f", format, container]).trim();
}

function docker(argv: readonly string[]): string {
  return execFileSync("docker", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
