import type { DatabaseAddress } from "../../../database/address.ts";
import { homeOfCopy } from "../../../remote/host/home.ts";
import { labels } from "./colours.ts";
import type { ComposeSite } from "./compose-site.ts";
import { operatorFiles } from "./stack-config.ts";

/** A name without a dot can be that of a service, which only the stack's own network knows. */
const serviceName = /^(?!localhost$)[a-z0-9][a-z0-9_-]*$/i;

/**
 * The address of the database's container in place of its service's name, which this machine cannot
 * resolve. Inside a container of the stack there is no Docker, and the name is right.
 * @returns null where the service is part of the stack and does not run
 */
export async function reachDatabase(
  site: ComposeSite,
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

async function addressOf({ docker, input }: ComposeSite, service: string): Promise<string | null> {
  const { directory, environment } = input.project;
  const filters = [
    `label=${labels.directory}=${homeOfCopy(directory)}`,
    `label=${labels.environment}=${environment}`,
    `label=com.docker.compose.service=${service}`,
  ];
  const { exitCode, stdout } = await docker.attempt([
    "ps",
    "-q",
    ...filters.flatMap((filter) => ["--filter", filter]),
  ]);
  const [id = ""] = stdout.split("\n");
  if (exitCode !== 0 || id === "") return null;
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}\n{{end}}";
  const found = await docker.attempt(["inspect", "--format", format, id]);
  return found.stdout.split("\n").find((line) => line !== "") ?? null;
}

async function isService({ docker, input }: ComposeSite, name: string): Promise<boolean> {
  const argv = [...operatorFiles(input), "config", "--services"];
  const { exitCode, stdout } = await docker.attempt(argv);
  return exitCode === 0 && stdout.split("\n").includes(name);
}
