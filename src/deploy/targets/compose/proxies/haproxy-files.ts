import type { Notice } from "../../../target.ts";
import { proxyName } from "./caddy-files.ts";
import { headed, pageFiles, retryAfter } from "./proxy-files.ts";
import type { Upstream } from "./proxy.ts";

export const backendFile = "studio.cfg";

/** What the public is told comes before any server: only a backend that turns it away has it. */
const turningAway = "http-request return";

/** The engine's own DNS in every container: one that is started again may have another address. */
const resolvers = `resolvers studio_engine
  nameserver engine 127.0.0.11:53
  hold valid 2s
`;

/**
 * A backend `studio_<service>` for each switched service, to be read after the `defaults` of the
 * operator's own file.
 * @param notice what the public is told; null: it is served
 * @param directory where the folder with this file is mounted
 */
export function backendText(
  release: string | null,
  upstreams: readonly Upstream[],
  notice: Notice | null,
  directory: string,
): string {
  const told = notice === null ? [] : pages(directory);
  const backends = upstreams.map(({ service, address }) => {
    const server = `server ${service} ${address} resolvers studio_engine resolve-prefer ipv4 init-addr libc,none`;
    const lines = [...told, ...(release === null ? [] : [server])];
    return `backend ${proxyName(service)}\n${lines.map((line) => `  ${line}\n`).join("")}`;
  });
  return headed(release, [resolvers, ...backends].join("\n"));
}

export const turnsAway = (text: string | null): boolean => text?.includes(turningAway) === true;

function pages(directory: string): string[] {
  const headers = `hdr Retry-After ${retryAfter} hdr Cache-Control no-store`;
  const page = (type: string, file: string, when: string) =>
    `${turningAway} status 503 content-type "${type}" ${headers} file ${directory}/${file} if !{ path_beg /health/live }${when}`;
  return [
    page("text/html; charset=utf-8", pageFiles.html, " { req.hdr(accept) -m sub text/html }"),
    page("application/problem+json", pageFiles.json, ""),
  ];
}
