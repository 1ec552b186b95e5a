import type { Settings } from "../../../../config/schema.ts";
import type { AuditPoint } from "../../../target.ts";
import type { Roles } from "../roles.ts";
import { isSecurePort } from "../stack-address.ts";
import type { PortMapping, ServiceDefinition, StackConfig } from "../stack-config.ts";
import { each, pointOf } from "./point.ts";

type CorsAndDomains = Pick<Settings, "serve" | "domains">;

/** What of a stack can be reached from elsewhere, and how. */
export function exposure(
  { services }: StackConfig,
  roles: Roles,
  settings: CorsAndDomains,
): AuditPoint[] {
  const inFront = new Set(frontOf(roles));
  return [
    pointOf(
      {
        title: "Only the front publishes ports to other machines",
        good: [...inFront].join(", "),
        state: "wrong",
        fix: "Remove the ports, or publish them as 127.0.0.1:PORT:PORT.",
      },
      each(services, (one, name) => (inFront.has(name) ? [] : worldPorts(one).map(publishes))),
    ),
    pointOf(
      {
        title: "The public is met over TLS",
        good: "a port for TLS is published",
        state: "wrong",
        fix: "Let the proxy listen on 443 with a certificate (`studio init --stack` shows how).",
      },
      withoutTls(services, [...inFront]),
    ),
    pointOf(
      {
        title: "CORS names its origins",
        good: "no origin is a *",
        state: "wrong",
        fix: "Name each origin, such as https://studio.example.com.",
      },
      [
        ...(settings.serve.cors.origins.includes("*") ? ["serve.cors.origins has a *"] : []),
        ...each(services, openCors),
      ],
    ),
  ];
}

/** The proxy; where there is none, the services that are deployed. */
export function frontOf({ proxy, services }: Roles): string[] {
  if (proxy !== null) return [proxy.service];
  return services.flatMap(({ name, role }) => (role === "switched" ? [name] : []));
}

const loopback = /^(127\.|::1$|localhost$)/;

function worldPorts({ ports = [] }: ServiceDefinition): PortMapping[] {
  return ports.filter(({ host_ip = "" }) => !loopback.test(host_ip));
}

const publishes = ({ published, target }: PortMapping): string =>
  `publishes ${published ?? "any port"} for its ${target}`;

function withoutTls(services: StackConfig["services"], front: readonly string[]): string[] {
  const ports = front.flatMap((name) => worldPorts(services[name] ?? {}));
  if (ports.length === 0) return [];
  return ports.some(isSecurePort)
    ? []
    : [`${front.join(", ")} publishes ${ports.map(numberOf).join(", ")} alone`];
}

const numberOf = ({ published, target }: PortMapping): string => published ?? String(target);

function openCors({ environment = {} }: ServiceDefinition): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    /cors|allowed_origins/i.test(name) && /(^|[\s,"'[])\*($|[\s,"'\]])/.test(value ?? "")
      ? [`allows every origin in ${name}`]
      : [],
  );
}
