import { StudioError, exitCodes } from "../../../errors.ts";
import type { Roles } from "./roles.ts";
import type { ServiceDefinition, StackConfig } from "./stack-config.ts";

/**
 * Two colours of a service cannot be there at once where it claims something there is only one of.
 * @throws StudioError (exit 2) naming every line to change
 */
export function refuseShape(config: StackConfig, roles: Roles, proxyFolder: string): void {
  const lines = roles.services
    .filter(({ role }) => role === "switched")
    .flatMap(({ name }) => claimsOf(name, config.services[name] ?? {}));
  lines.push(...proxyProblems(config, roles, proxyFolder));
  if (lines.length === 0) return;
  throw new StudioError({
    code: "compose.shape",
    message: `These services cannot be deployed without a gap as they are written: ${lines.map(({ why }) => why).join("; ")}.`,
    hint: lines.map(({ change }) => change).join(" "),
    exitCode: exitCodes.usage,
    details: lines,
  });
}

interface Claim {
  why: string;
  change: string;
}

function claimsOf(name: string, definition: ServiceDefinition): Claim[] {
  const claims: Claim[] = [];
  const published = (definition.ports ?? []).map((one) => one.published ?? "any");
  if (published.length > 0) {
    claims.push({
      why: `${name} publishes host port ${published.join(", ")}, which only one colour can have`,
      change: `Remove services.${name}.ports: the proxy publishes for it (\`expose\` tells the port).`,
    });
  }
  if (definition.container_name !== undefined) {
    claims.push({
      why: `${name} has the fixed container name ${definition.container_name}`,
      change: `Remove services.${name}.container_name.`,
    });
  }
  const mode = definition.network_mode;
  if (mode !== undefined) {
    claims.push({
      why: `${name} runs on network_mode ${mode}, where two colours have one address`,
      change: `Remove services.${name}.network_mode, so that it joins the project's network.`,
    });
  }
  const fixed = Object.entries(definition.networks ?? {}).find(([, one]) => one?.ipv4_address);
  if (fixed !== undefined) {
    claims.push({
      why: `${name} has a fixed address on the network ${fixed[0]}`,
      change: `Remove services.${name}.networks.${fixed[0]}.ipv4_address.`,
    });
  }
  return claims;
}

function proxyProblems(config: StackConfig, { proxy }: Roles, folder: string): Claim[] {
  if (proxy === null) {
    return [
      {
        why: "there is no proxy that studio can tell where to send requests",
        change:
          "Put an nginx before it, with `labels: { studio.proxy: nginx }` (`studio init --stack` writes one).",
      },
    ];
  }
  const { service, url } = proxy;
  const claims: Claim[] = [];
  const mounts = config.services[service]?.volumes ?? [];
  if (!mounts.some(({ type, source }) => type === "bind" && source === folder)) {
    claims.push({
      why: `${service} does not read the folder that studio writes its upstreams into`,
      change: `Add the volume \`\${STUDIO_PROXY_DIRECTORY:-./.studio/proxy/production}:/etc/nginx/studio:ro\` to services.${service}, and \`include /etc/nginx/studio/upstream.conf;\` to the http block of its configuration.`,
    });
  }
  if (url === "") {
    claims.push({
      why: `${service} publishes no port with a number, so nobody could be served`,
      change: `Add services.${service}.ports.`,
    });
  }
  return claims;
}
