import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "../authentication.ts";
import { RequestError } from "../request-error.ts";

export interface HostCheckOptions {
  /** Where the daemon listens. */
  host: string;
  /** Further names that it is reached by, without a port. */
  hosts: readonly string[];
  /** Origins whose pages may use the API; `*`: any. */
  origins: readonly string[];
}

export type HostCheck = (headers: IncomingHttpHeaders) => void;

/**
 * A page on the internet can make its own name point to 127.0.0.1 (DNS rebinding) and then talk to
 * a daemon that listens there as if it were its own server. Its Host and its Origin still tell.
 * Off loopback a key is asked for, which no page has: there Host is checked where names are
 * configured, and Origin by the browser, which is told the origins that may read answers.
 * @returns throws RequestError `host.unknown`, `origin.unknown` (403)
 */
export function createHostCheck({ host, hosts, origins }: HostCheckOptions): HostCheck {
  const known = new Set(hosts.map((name) => name.toLowerCase()));
  const local = isLoopback(host);
  return (headers) => {
    if (!local && known.size === 0) return;
    const given = headers.host ?? "";
    const name = nameOf(given);
    const isKnown = known.has(name) || isLoopback(name) || name === host.toLowerCase();
    if (!isKnown) {
      throw new RequestError(403, "host.unknown", "The request is for a host of another name.", {
        hint: "Add the name that the API is reached by to serve.hosts.",
      });
    }
    const { origin } = headers;
    if (!local || origin === undefined || isAllowed(origin, given, origins)) return;
    throw new RequestError(403, "origin.unknown", "Pages of this origin may not use the API.", {
      hint: "Add the origin to serve.cors.origins.",
    });
  };
}

function isAllowed(origin: string, host: string, origins: readonly string[]): boolean {
  if (origins.includes("*") || origins.includes(origin)) return true;
  return /^https?:\/\//.test(origin) && origin.replace(/^https?:\/\//, "") === host.toLowerCase();
}

/** `LocalHost:8000` is `localhost`; `[::1]:8000` is `[::1]`. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
}
