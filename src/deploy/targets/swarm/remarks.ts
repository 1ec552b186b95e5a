import { untranslated } from "./render-service.ts";
import type { Shape } from "./obstacles.ts";
import { remarksOnRollout } from "./rollout.ts";
import { readyNodes } from "./swarm-facts.ts";

/** What Swarm needs to find an update bad: less, and what breaks a moment later stays. */
const usualMonitor = 30_000;

/** What the operator should know of a stack that can be deployed. */
export function remarksOnShape(shape: Shape, monitor: number): string[] {
  const { config, services, facts } = shape;
  const several = readyNodes(facts).length > 1;
  const lost = facts.nodes.filter(({ ready }) => !ready);
  return [
    ...services.flatMap(({ name, role }) => {
      const definition = config.services[name] ?? {};
      const ignored = untranslated(definition);
      const binds = (definition.volumes ?? []).filter(({ type }) => type === "bind");
      return [
        ...(ignored.length > 0
          ? [`${name}: Swarm does not do what ${ignored.join(", ")} asks for; it is left out.`]
          : []),
        ...remarksOnRollout(name, definition, monitor),
        ...(several && binds.length > 0
          ? [
              `${name} mounts ${binds.map(({ source }) => source).join(", ")}, which each node needs.`,
            ]
          : []),
        ...(role !== "switched" && isUnchecked(shape, name)
          ? [`${name} has no health check: Swarm takes it for well as soon as it runs.`]
          : []),
      ];
    }),
    ...lost.map(({ name, state }) => `The node ${name} takes no tasks (${state}).`),
    ...(facts.ipvs === null
      ? ["The engine is another machine's: whether its kernel has IPVS is not known."]
      : []),
    ...(monitor < usualMonitor
      ? [
          `swarm.monitor is ${monitor / 1000} s: Swarm rolls back nothing that breaks later than that; 30 s or more is advised.`,
        ]
      : []),
  ];
}

function isUnchecked({ config, images }: Shape, name: string): boolean {
  const { healthcheck } = config.services[name] ?? {};
  if (healthcheck?.disable === true) return true;
  return healthcheck?.["test"] === undefined && images.get(name)?.checked === false;
}
