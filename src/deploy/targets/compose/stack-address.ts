import type { PortMapping, ServiceDefinition } from "./stack-config.ts";

/**
 * Where a service that publishes ports is reached from this machine; empty where it publishes none
 * with a number. Plain HTTP where it is offered: a probe from here needs no certificate.
 */
export function addressOf(definition: Pick<ServiceDefinition, "ports">): string {
  const published = numbered(definition);
  const port = published.find((one) => !isSecurePort(one)) ?? published[0];
  return port === undefined ? "" : urlOf(port);
}

/** Where it is reached over TLS; empty where it is not. */
export function secureAddressOf(definition: Pick<ServiceDefinition, "ports">): string {
  const port = numbered(definition).find(isSecurePort);
  return port === undefined ? "" : urlOf(port);
}

const numbered = ({ ports = [] }: Pick<ServiceDefinition, "ports">): PortMapping[] =>
  ports.filter(({ published = "" }) => /^\d+$/.test(published));

function urlOf(port: PortMapping): string {
  const { host_ip: ip, published } = port;
  const any = ip === undefined || ip === "0.0.0.0" || ip === "::";
  return `${isSecurePort(port) ? "https" : "http"}://${any ? "127.0.0.1" : ip}:${published}`;
}

/** By the usual numbers, on either side. */
export function isSecurePort({ target, published = "" }: PortMapping): boolean {
  return [String(target), published].some((port) => port === "443" || port === "8443");
}
