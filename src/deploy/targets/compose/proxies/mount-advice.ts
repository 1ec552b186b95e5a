import type { StackProxy } from "../../../release.ts";

const variable = "${STUDIO_PROXY_DIRECTORY:-./.studio/proxy/production}";

const advice: Readonly<Record<StackProxy["kind"], { at: string; and: string }>> = {
  nginx: {
    at: "/etc/nginx/studio",
    and: "`include /etc/nginx/studio/upstream.conf;` to the http block of its configuration",
  },
  caddy: {
    at: "/etc/caddy/studio",
    and: "`import /etc/caddy/studio/*.caddy` to the beginning of its Caddyfile, and `import studio_maintenance` and the service's own snippet, such as `import studio_api`, to its site",
  },
  haproxy: {
    at: "/usr/local/etc/haproxy/studio",
    and: "`-f /usr/local/etc/haproxy/studio` to its command, and the service's own backend, such as `default_backend studio_api`, to its frontend",
  },
};

/** What an operator changes so that a proxy reads what studio writes. */
export function mountAdvice({ kind, service }: Pick<StackProxy, "kind" | "service">): string {
  const { at, and } = advice[kind];
  return `Add the volume \`${variable}:${at}:ro\` to services.${service}, and ${and}.`;
}
