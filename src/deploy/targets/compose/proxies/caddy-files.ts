import type { Notice } from "../../../target.ts";
import type { Upstream } from "./proxy.ts";
import { headed, pageFiles, retryAfter } from "./proxy-files.ts";

export const upstreamFile = "upstream.caddy";
export const maintenanceFile = "maintenance.caddy";

/** What a service's name is in names that proxies allow. */
export const proxyName = (service: string): string =>
  `studio_${service.replaceAll(/[^A-Za-z0-9]/g, "_")}`;

/**
 * A snippet for each switched service, which a site imports as `studio_<service>`. A request is
 * never sent twice: no `lb_try_duration`. Connections are kept for less than an application would.
 * With `flush_interval -1` a reload of Caddy 2.6 cancels requests that have a body; streams are
 * flushed without it.
 */
export function upstreamText(release: string | null, upstreams: readonly Upstream[]): string {
  const snippets = upstreams.map(({ service, address }) => {
    const lines =
      release === null
        ? ['  respond "Nothing is deployed yet." 503']
        : [
            `  reverse_proxy ${address} {`,
            "    transport http {",
            "      keepalive 4s",
            "    }",
            "  }",
          ];
    return `(${proxyName(service)}) {\n${lines.join("\n")}\n}\n`;
  });
  return headed(release, snippets.join("\n"));
}

/** The snippet `studio_maintenance`, which a site imports before the others. */
export function maintenanceText(notice: Notice | null, directory: string): string {
  if (notice === null) return "(studio_maintenance) {\n}\n";
  return `(studio_maintenance) {
  @studio_page {
    not path /health/live
    header Accept *text/html*
  }
  @studio_problem {
    not path /health/live
    not header Accept *text/html*
  }
${answer("studio_page", pageFiles.html, "text/html; charset=utf-8", directory)}
${answer("studio_problem", pageFiles.json, "application/problem+json", directory)}
}
`;
}

function answer(matcher: string, file: string, type: string, directory: string): string {
  return `  handle @${matcher} {
    header Content-Type "${type}"
    header Cache-Control no-store
    header Retry-After ${retryAfter}
    root * ${directory}
    rewrite * /${file}
    file_server {
      status 503
    }
  }`;
}
