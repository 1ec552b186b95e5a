import { createHash } from "node:crypto";
import type { ColouredUpstream } from "./proxy.ts";
import { headed, pageFiles, releaseIn, retryAfter } from "./proxy-files.ts";

export const upstreamFile = "upstream.caddy";
export const maintenanceFile = "maintenance.caddy";

/** Names of empty files that Caddy looks for at each request: whether they are there is the switch. */
export interface CaddyMarks {
  /** There: green serves; not there: blue. */
  green: string;
  /** There: nobody serves. */
  nobody: string;
}

/** There: the public is turned away. */
export const awayMark = "turned-away";

/**
 * Marks are those of one table of addresses, so that those for the next one can be placed while
 * Caddy goes by this one.
 */
export function marksOf(upstreams: readonly ColouredUpstream[]): CaddyMarks {
  const table = upstreams.map(({ service, addresses }) => [service, addresses]);
  const hash = createHash("sha256").update(JSON.stringify(table)).digest("hex").slice(0, 12);
  return { green: `green-${hash}`, nobody: `nobody-${hash}` };
}

export const isMark = (name: string): boolean => /^(green|nobody)-[0-9a-f]{12}$/.test(name);

/** What a service's name is in names that proxies allow. */
export const proxyName = (service: string): string =>
  `studio_${service.replaceAll(/[^A-Za-z0-9]/g, "_")}`;

/**
 * A snippet for each switched service, which a site imports as `studio_<service>`. It knows both
 * colours and chooses by marks: a reload would close each connection of a client on which nothing is
 * asked right then, and lose a request that is on its way there (seen: 3 POSTs in one deploy), and
 * it would cut each WebSocket. It proxies without a matcher, and so after all that the operator
 * wrote beside it with one.
 *
 * A request is never sent twice: no `lb_try_duration`. Connections are kept for less than an
 * application would, and no longer than a former release is to be waited for. With
 * `flush_interval -1` a reload of Caddy 2.6 cancels requests that have a body; streams are flushed
 * without it.
 * @param directory where Caddy sees the folder of generated files
 */
export function upstreamText(
  release: string | null,
  upstreams: readonly ColouredUpstream[],
  directory: string,
): string {
  const marks = marksOf(upstreams);
  const snippets = upstreams.map(({ service, addresses }) => {
    const name = proxyName(service);
    const [blue = "", port = ""] = addresses.blue.split(":");
    const [green = ""] = addresses.green.split(":");
    return `(${name}) {
  @${name}_nobody {
${isThere(directory, marks.nobody)}
  }
  respond @${name}_nobody "Nothing is deployed." 503
  @${name}_green {
${isThere(directory, marks.green)}
  }
  vars ${name} ${blue}
  vars @${name}_green ${name} ${green}
  reverse_proxy {http.vars.${name}}:${port} {
    transport http {
      keepalive 2s
    }
  }
}
`;
  });
  return headed(release, snippets.join("\n"));
}

const nothingYet = 'respond "Nothing is deployed yet." 503';

/** What it starts with before anything was deployed. */
export function nobodyText(services: readonly string[]): string {
  const snippets = services.map((service) => `(${proxyName(service)}) {\n  ${nothingYet}\n}\n`);
  return headed(null, snippets.join("\n"));
}

export const isNobodys = (text: string | null): boolean => text?.includes(nothingYet) === true;

/** The same text where Caddy sees the folder elsewhere. */
export function movedTo(directory: string, text: string): string {
  const moved = text.slice(text.indexOf("\n") + 1).replaceAll(/^( +root) .*$/gm, `$1 ${directory}`);
  return headed(releaseIn(text), moved);
}

/** The snippet `studio_maintenance`, which a site imports before the others. */
export function maintenanceText(directory: string): string {
  return `(studio_maintenance) {
  @studio_page {
${isThere(directory, awayMark)}
    not path /health/live
    header Accept *text/html*
  }
  @studio_problem {
${isThere(directory, awayMark)}
    not path /health/live
    not header Accept *text/html*
  }
${answer("studio_page", pageFiles.html, "text/html; charset=utf-8", directory)}
${answer("studio_problem", pageFiles.json, "application/problem+json", directory)}
}
`;
}

const isThere = (directory: string, mark: string): string => `    file {
      root ${directory}
      try_files /${mark}
    }`;

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
