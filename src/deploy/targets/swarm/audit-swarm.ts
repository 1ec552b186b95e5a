import type { AuditPoint } from "../../target.ts";
import type { TargetInput } from "../target-input.ts";
import { auditConfig } from "../compose/audit/audit-stack.ts";
import { pointOf } from "../compose/audit/point.ts";
import type { Docker } from "../compose/docker.ts";
import { type StackConfig, readStackConfig } from "../compose/stack-config.ts";
import { obstaclesOf } from "./obstacles.ts";
import { readShape } from "./read-swarm-stack.ts";
import { remarksOnShape } from "./remarks.ts";
import { type SwarmFacts, readSwarmFacts, readyNodes, refuseNoManager } from "./swarm-facts.ts";

/**
 * What this node can do of a Swarm's, and the security checklist of the stack as it is written now.
 * @throws StudioError where Compose refuses the files, or no service can be told to be the switched
 */
export async function auditSwarm(docker: Docker, input: TargetInput): Promise<AuditPoint[]> {
  const config = await readStackConfig(docker, input);
  const facts = await readSwarmFacts(docker);
  const shape = await readShape(docker, input, config, facts);
  const obstacles = facts.manager ? obstaclesOf(shape) : [];
  const remarks = remarksOnShape(shape, input.project.settings.swarm.monitor);
  return [
    managerPoint(facts),
    ...(facts.manager ? nodePoints(facts) : []),
    addressPoint(facts),
    pointOf(
      {
        title: "Swarm can run each service as it is written",
        good: "it can, and each update comes to an end",
        state: "wrong",
        fix: obstacles.map(({ change }) => change).join(" "),
      },
      obstacles.map(({ why }) => why),
    ),
    pointOf(
      {
        title: "Swarm does all that the files ask for",
        good: "it does",
        state: "note",
        fix: "`studio deploy --dry-run` says the same; what is left out does no harm unless it is relied on.",
      },
      remarks,
    ),
    ...(await auditConfig(docker, input, comingBack(config))),
  ];
}

/** Swarm starts again whatever ends, and comes back with its engine. */
function comingBack(config: StackConfig): StackConfig {
  const services = Object.entries(config.services).map(([name, { deploy, ...one }]) => {
    const { restart_policy: _policy, ...rest } = deploy ?? {};
    return [name, { ...one, deploy: rest, restart: "always" }];
  });
  return { ...config, services: Object.fromEntries(services) as StackConfig["services"] };
}

function managerPoint(facts: SwarmFacts): AuditPoint {
  const title = "The engine manages a Swarm";
  const refusal = refuseNoManager(facts);
  if (refusal === null) return { title, state: "ok", found: "it does", fix: null };
  return { title, state: "wrong", found: refusal.message, fix: refusal.hint };
}

function nodePoints(facts: SwarmFacts): AuditPoint[] {
  const ready = readyNodes(facts);
  const lost = facts.nodes.filter((one) => !one.ready);
  return [
    pointOf(
      {
        title: "All nodes take tasks",
        good: ready.map(({ name }) => name).join(", "),
        state: ready.length === 0 ? "wrong" : "note",
        fix: "`docker node ls` shows them; `docker node update --availability active NODE` lets one take tasks again.",
      },
      lost.map(({ name, state }) => `${name} does not (${state})`),
    ),
  ];
}

function addressPoint({ ipvs }: SwarmFacts): AuditPoint {
  const title = "The kernel balances virtual addresses (IPVS)";
  if (ipvs === null) {
    return { title, state: "note", found: "the engine is another machine's: not known", fix: null };
  }
  return pointOf(
    {
      title,
      good: "it does, on this node: endpoint mode vip and ingress ports work",
      state: "note",
      fix: "Use `deploy: { endpoint_mode: dnsrr }` and ports with `mode: host`, as studio does where nothing else is written; or a kernel with CONFIG_IP_VS.",
    },
    ipvs ? [] : ["this node's does not: virtual addresses and the ingress network answer nobody"],
  );
}
