import { connect as connectPlain, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { usageError } from "../errors.ts";

/**
 * What is put under load: a base address, whose path goes before the paths of the scenario, or a
 * Unix socket. The headers (a key, say) go with every request unless the scenario sets its own.
 */
export type Target = ({ url: string } | { socketPath: string }) & {
  headers?: Record<string, string>;
  /** Trusts whatever certificate the target shows. */
  insecure?: boolean;
};

/** A target made ready: nothing but this address is ever contacted, no redirect is followed. */
export interface Endpoint {
  /** For the Host header, and Basic authorization when the address holds a user. */
  origin: string;
  /** Before every path; empty or without a slash at its end. */
  basePath: string;
  headers: Record<string, string>;
  /** Null: what `origin` says. */
  socketPath: string | null;
  insecure: boolean;
  connect(): Socket;
}

/** @throws StudioError (exit 2) when the address is not one of HTTP. */
export function resolveTarget(target: Target): Endpoint {
  const { headers = {}, insecure = false } = target;
  if ("socketPath" in target) {
    const { socketPath } = target;
    const connect = () => connectPlain({ path: socketPath });
    return { origin: "http://localhost", basePath: "", headers, socketPath, insecure, connect };
  }
  const url = URL.parse(target.url);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    // The address itself stays out of the message: it may hold a password.
    throw usageError(
      "The address to put under load is not an http:// or https:// one.",
      "Give it like --url http://127.0.0.1:8000.",
    );
  }
  const basePath = url.pathname.replace(/\/+$/, "");
  const connect = () => connectTo(url, insecure);
  return { origin: originOf(url), basePath, headers, socketPath: null, insecure, connect };
}

function originOf(url: URL): string {
  const user = url.username === "" ? "" : `${url.username}:${url.password}@`;
  return `${url.protocol}//${user}${url.host}`;
}

function connectTo(url: URL, insecure: boolean): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const secure = url.protocol === "https:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  if (!secure) return connectPlain({ host, port });
  const named = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...named, rejectUnauthorized: !insecure });
}

const reasons: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  ENOTFOUND: "host not found",
  EAI_AGAIN: "host not found",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "host unreachable",
  ETIMEDOUT: "host unreachable",
  ENOENT: "socket not found",
  EACCES: "socket not accessible",
  EMFILE: "too many open files on this side",
  EADDRNOTAVAIL: "no free local port on this side",
};

/** Why a connection failed, in a few words that hold no address. */
export function connectionProblem(error: NodeJS.ErrnoException): string {
  const code = error.code ?? "unknown";
  const known = reasons[code];
  if (known !== undefined) return known;
  return `${/CERT|SIGNATURE/.test(code) ? "certificate not trusted" : "connection failed"} (${code})`;
}
