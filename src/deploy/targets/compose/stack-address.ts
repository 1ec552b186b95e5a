import type { PortMapping, ServiceDefinition } from "./stack-config.ts";

/**
 * Where a service that publishes ports is reached from this machine; empty where it publishes none
 * with a number. Plain HTTP where it is offered: a probe from here needs no certificate.
 */
export function addressOf({ ports = [] }: Pick<ServiceDefinition, "ports">): string {
  const published = ports.filter((one) => /^\d+$/.test(one.published ?? ""));
  const port = published.find((one) => !isSecurePort(one)) ?? published[0];
  if (port === undefined) return "";
  const any = port.host_ip === undefined || port.host_ip === "0.0.0.0" || port.host_ip === "::";
  return `${isSecurePort(port) ? "https" : "http"}://${any ? "127.0.0.1" : port.host_ip}:${port.published}`;
}

/** By the usual numbers, on either side. */
export function isSecurePort({ target, published = "" }: PortMapping): boolean {
  return [String(target), published].some((port) => port === "443" || port === "8443");
}
