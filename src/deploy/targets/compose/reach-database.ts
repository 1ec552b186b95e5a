import type { DatabaseAddress } from "../../../database/address.ts";
import { homeOfCopy } from "../../../remote/host/home.ts";
import type { TargetInput } from "../target-input.ts";
import { labels } from "./colours.ts";
import type { Docker } from "./docker.ts";
import { operatorFiles } from "./stack-config.ts";

/** What is asked where a service runs, on whichever target. */
export interface ServiceSite {
  docker: Docker;
  input: TargetInput;
}

/** Null where the service does not run within reach of this machine. */
export type AddressOf = (site: ServiceSite, service: string) => Promise<string | null>;

/** A name without a dot can be that of a service, which only the stack's own network knows. */
const serviceName = /^(?!localhost$)[a-z0-9][a-z0-9_-]*$/i;

/**
 * The address of the database's container in place of its service's name, which this machine cannot
 * resolve. Inside a container of the stack there is no Docker, and the name is right.
 * @returns null where the service is part of the stack and does not run
 */
export async function reachDatabase(
  site: ServiceSite,
  written: DatabaseAddress,
  addressOf: AddressOf,
): Promise<DatabaseAddress | null> {
  const url = written.file === null ? URL.parse(written.url) : null;
  const host = url?.hostname ?? "";
  if (url === null || !serviceName.test(host)) return written;
  const address = await addressOf(site, host);
  if (address === null) return (await isService(site, host)) ? null : written;
  url.hostname = address;
  return { ...written, url: url.toString() };
}

/** The first container of the environment that bears the label, with its whole id. */
export async function containerOf(
  { docker, input }: ServiceSite,
  label: string,
): Promise<string | null> {
  const { directory, environment } = input.project;
  const filters = [
    `label=${labels.directory}=${homeOfCopy(directory)}`,
    `label=${labels.environment}=${environment}`,
    `label=${label}`,
  ].flatMap((filter) => ["--filter", filter]);
  const { exitCode, stdout } = await docker.attempt(["ps", "-q", "--no-trunc", ...filters]);
  const [id = ""] = stdout.split("\n");
  return exitCode !== 0 || id === "" ? null : id;
}

/** The first of the container's addresses. */
export const addressOfContainer: AddressOf = async (site, service) => {
  const id = await containerOf(site, `com.docker.compose.service=${service}`);
  if (id === null) return null;
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}\n{{end}}";
  const found = await site.docker.attempt(["inspect", "--format", format, id]);
  return found.stdout.split("\n").find((line) => line !== "") ?? null;
};

async function isService({ docker, input }: ServiceSite, name: string): Promise<boolean> {
  const argv = [...operatorFiles(input), "config", "--services"];
  const { exitCode, stdout } = await docker.attempt(argv);
  return exitCode === 0 && stdout.split("\n").includes(name);
}
