import type { StackService, SwarmFront } from "../../release.ts";
import { isSecurePort } from "../compose/stack-address.ts";
import type { PortMapping, StackConfig } from "../compose/stack-config.ts";

/**
 * Where the public meets a stack: the proxy, else the services that are deployed. Plain HTTP where it
 * is offered: a probe from here needs no certificate.
 * @param address of this node
 */
export function frontOf(
  { services }: StackConfig,
  roles: readonly StackService[],
  address: string,
): SwarmFront | null {
  const inFront = (["proxy", "switched"] as const).flatMap((role) =>
    roles.filter((one) => one.role === role),
  );
  for (const { name } of inFront) {
    const ports = (services[name]?.ports ?? []).filter(hasNumber);
    const byTls = ports.find(isSecurePort);
    const port = ports.find((one) => !isSecurePort(one)) ?? byTls;
    if (port === undefined) continue;
    const secure = isSecurePort(port);
    const number = Number(port.published);
    return {
      service: name,
      port: number,
      secure,
      securePort: secure || byTls === undefined ? null : Number(byTls.published),
      mode: port.mode === "host" ? "host" : "ingress",
      url: urlOf({ secure, port: number }, address),
    };
  }
  return null;
}

export function urlOf({ secure, port }: Pick<SwarmFront, "secure" | "port">, address: string) {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${secure ? "https" : "http"}://${host}:${port}`;
}

const hasNumber = ({ published = "" }: PortMapping): boolean => /^\d+$/.test(published);
