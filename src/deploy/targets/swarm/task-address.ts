import { labels } from "../compose/colours.ts";
import { type AddressOf, containerOf } from "../compose/reach-database.ts";

/** The bridge of each node by which its tasks reach the rest of the world, and it them. */
const bridge = "docker_gwbridge";

/**
 * The address of the service's task on this node: a network of the Swarm is not reached from a node
 * itself; its bridge is.
 */
export const addressOfTask: AddressOf = async (site, service) => {
  const id = await containerOf(site, `${labels.service}=${service}`);
  if (id === null) return null;
  const format = "{{json .Containers}}";
  const found = await site.docker.attempt(["network", "inspect", "--format", format, bridge]);
  if (found.exitCode !== 0) return null;
  const containers = JSON.parse(found.stdout) as Record<string, { IPv4Address?: string }>;
  const address = containers[id]?.IPv4Address?.split("/")[0] ?? "";
  return address === "" ? null : address;
};
