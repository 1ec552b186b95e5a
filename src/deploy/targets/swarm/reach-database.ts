import type { DatabaseAddress } from "../../../database/address.ts";
import { homeOfCopy } from "../../../remote/host/home.ts";
import { labels } from "../compose/colours.ts";
import { operatorFiles } from "../compose/stack-config.ts";
import type { SwarmSite } from "./swarm-site.ts";

/** A name without a dot can be that of a service, which only the stack's own network knows. */
const serviceName = /^(?!localhost$)[a-z0-9][a-z0-9_-]*$/i;

/** The bridge of each node by which its tasks reach the rest of the world, and it them. */
const bridge = "docker_gwbridge";

/**
 * The address of the database's task on this node in place of its service's name, which this machine
 * cannot resolve. A network of the Swarm is not reached from a node itself; its bridge is.
 * @returns null where the service is part of the stack, and does not run on this node
 */
export async function reachDatabase(
  site: SwarmSite,
  written: DatabaseAddress,
): Promise<DatabaseAddress | null> {
  const url = written.file === null ? URL.parse(written.url) : null;
  const host = url?.hostname ?? "";
  if (url === null || !serviceName.test(host)) return written;
  const address = await addressOf(site, host);
  if (address === null) return (await isService(site, host)) ? null : written;
  url.hostname = address;
  return { ...written, url: url.toString() };
}

async function addressOf({ docker, input }: SwarmSite, service: string): Promise<string | null> {
  const { directory, environment } = input.project;
  const filters = [
    `label=${labels.directory}=${homeOfCopy(directory)}`,
    `label=${labels.environment}=${environment}`,
    `label=${labels.service}=${service}`,
  ].flatMap((filter) => ["--filter", filter]);
  const { exitCode, stdout } = await docker.attempt(["ps", "-q", "--no-trunc", ...filters]);
  const [id = ""] = stdout.split("\n");
  if (exitCode !== 0 || id === "") return null;
  const format = "{{json .Containers}}";
  const found = await docker.attempt(["network", "inspect", "--format", format, bridge]);
  if (found.exitCode !== 0) return null;
  const containers = JSON.parse(found.stdout) as Record<string, { IPv4Address?: string }>;
  const address = containers[id]?.IPv4Address?.split("/")[0] ?? "";
  return address === "" ? null : address;
}

async function isService({ docker, input }: SwarmSite, name: string): Promise<boolean> {
  const argv = [...operatorFiles(input), "config", "--services"];
  const { exitCode, stdout } = await docker.attempt(argv);
  return exitCode === 0 && stdout.split("\n").includes(name);
}
