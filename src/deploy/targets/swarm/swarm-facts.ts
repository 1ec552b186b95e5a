import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { Refusal } from "../../target.ts";
import type { Docker } from "../compose/docker.ts";

const os = process.getBuiltinModule("node:os");

export interface SwarmNode {
  id: string;
  name: string;
  /** It answers, and takes tasks. */
  ready: boolean;
  /** What Swarm says where it is not. */
  state: string;
  address: string;
}

/** What the engine is to a Swarm. */
export interface SwarmFacts {
  /** `inactive`, `active`, `locked`, `pending`, `error`. */
  state: string;
  /** Only a manager can be told anything. */
  manager: boolean;
  /** Of the node that the engine is. */
  id: string;
  address: string;
  /** None where it is no manager. */
  nodes: SwarmNode[];
  /** Whether its kernel can balance virtual addresses; null where it is the kernel of another machine. */
  ipvs: boolean | null;
}

interface EngineInfo {
  KernelVersion: string;
  Swarm: { NodeID: string; NodeAddr: string; LocalNodeState: string; ControlAvailable: boolean };
}

export async function readSwarmFacts(docker: Docker): Promise<SwarmFacts> {
  const info = JSON.parse(await docker.ask(["info", "--format", "{{json .}}"])) as EngineInfo;
  const { NodeID, NodeAddr, LocalNodeState, ControlAvailable } = info.Swarm;
  const manager = LocalNodeState === "active" && ControlAvailable;
  return {
    state: LocalNodeState,
    manager,
    id: NodeID,
    address: NodeAddr === "" ? "127.0.0.1" : NodeAddr,
    nodes: manager ? await listNodes(docker, NodeAddr) : [],
    ipvs: info.KernelVersion === os.release() ? hasIpvs(info.KernelVersion) : null,
  };
}

interface InspectedNode {
  ID: string;
  Spec: { Availability: string };
  Description: { Hostname: string };
  Status: { State: string; Addr?: string };
  ManagerStatus?: { Addr?: string };
}

async function listNodes(docker: Docker, own: string): Promise<SwarmNode[]> {
  const ids = (await docker.ask(["node", "ls", "-q"])).split("\n").filter((id) => id !== "");
  const found = JSON.parse(await docker.ask(["node", "inspect", ...ids])) as InspectedNode[];
  return found.map(({ ID, Spec, Description, Status, ManagerStatus }) => {
    const manager = ManagerStatus?.Addr?.replace(/:\d+$/, "") ?? own;
    // A manager that was told no address knows its own as that of no interface.
    const address = ["", "0.0.0.0"].includes(Status.Addr ?? "") ? manager : (Status.Addr ?? own);
    return {
      id: ID,
      name: Description.Hostname,
      ready: Status.State === "ready" && Spec.Availability === "active",
      state: Status.State === "ready" ? Spec.Availability : Status.State,
      address,
    };
  });
}

/** Loaded, built in, or a module that the engine can have loaded. */
function hasIpvs(kernel: string): boolean {
  if (existsSync("/proc/net/ip_vs")) return true;
  return ["modules.builtin", "modules.dep"].some((name) => {
    const file = join("/lib/modules", kernel, name);
    return existsSync(file) && /\/ip_vs\.ko/.test(readFileSync(file, "utf8"));
  });
}

/** Why an engine cannot be told to run a stack; null where it can. */
export function refuseNoManager({ state, manager }: SwarmFacts): Refusal | null {
  if (manager) return null;
  const refusal = { code: "swarm.inactive", exitCode: exitCodes.unavailable } as const;
  switch (state) {
    case "active":
      return {
        ...refusal,
        message: "This node of the Swarm is no manager, and only a manager can deploy.",
        hint: "Run studio on a manager (`docker node ls` there shows them), or type `docker node promote NODE` on one.",
      };
    case "locked":
      return {
        ...refusal,
        message: "This Swarm is locked.",
        hint: "`docker swarm unlock` opens it.",
      };
    case "inactive":
      return {
        ...refusal,
        message: "This Docker Engine is part of no Swarm.",
        hint: "`docker swarm init` makes one of this machine (with several addresses: `--advertise-addr ADDRESS`); `docker swarm join` joins another.",
      };
    default:
      return {
        ...refusal,
        message: `This node cannot take part in its Swarm: it is ${state}.`,
        hint: "`docker info` tells more; it may take a moment after the engine was started.",
      };
  }
}

/** @throws StudioError (exit 8) where nothing can be deployed from here */
export function requireManager(facts: SwarmFacts): void {
  const refusal = refuseNoManager(facts);
  if (refusal !== null) throw new StudioError(refusal);
}

export const readyNodes = ({ nodes }: SwarmFacts): SwarmNode[] => nodes.filter((one) => one.ready);
