import type { Container } from "./containers.ts";
import { labels } from "./colours.ts";
import { replicasOf } from "./roles.ts";
import { standingOf } from "./service-standing.ts";
import type { ServiceDefinition, StackConfig } from "./stack-config.ts";

const own = [labels.definition, labels.environment, labels.directory];

/**
 * Whether each of these services has all its containers, running as it is defined now: Compose would
 * find nothing to do. One that has ended, even well, is begun again by Compose.
 */
export function standsAsRendered(
  containers: readonly Container[],
  { services }: StackConfig,
  names: readonly string[],
): boolean {
  return names.every((name) => {
    const definition = services[name];
    if (definition === undefined) return false;
    const present = containers.filter(({ service }) => service === name);
    return (
      present.length === replicasOf(definition) &&
      present.every((container) => isAsDefined(container, definition))
    );
  });
}

function isAsDefined(container: Container, { image, labels: wanted }: ServiceDefinition): boolean {
  return (
    container.running &&
    container.image === image &&
    own.every((label) => container.labels[label] === wanted?.[label]) &&
    standingOf(container, false) === "ready"
  );
}
