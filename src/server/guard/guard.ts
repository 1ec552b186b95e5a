import { timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { hashKey } from "../../keys/api-key.ts";
import { type Role, mayAct } from "../../keys/role.ts";
import { probeHeader } from "../../deploy-probe.ts";
import { RequestError } from "../request-error.ts";
import { type RateLimiter, rateLimitHeaders } from "../rate-limit/rate-limiter.ts";
import type { ClientAddress } from "./client-address.ts";
import type { HostCheck } from "./host-check.ts";
import type { KeyHolder, KeyRing } from "./key-ring.ts";
import type { Lockout } from "./lockout.ts";

/** What stands between the public and the routes. */
export interface GuardParts {
  checkHost: HostCheck;
  addressOf: ClientAddress;
  lockout: Lockout;
  /** Null: no key is needed. */
  keys: KeyRing | null;
  /** What reads the metrics, and nothing else; null: nobody but with a key. */
  metricsToken: string | null;
  /** What a deploy's load test comes with, whom nothing is refused; null: there is none. */
  probeToken: string | null;
  /** Null: nobody is limited. */
  limiter: RateLimiter | null;
}

const bearer = /^Bearer +(\S+)$/i;

export class Guard {
  readonly #parts: GuardParts;

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /**
   * Lets a request of the public pass, and tells the answer how much the caller may still ask.
   * @returns whose key it came with, null without one; null at once where nobody is asked
   * @throws RequestError 401, 403, 429 or 503
   */
  admit(request: FastifyRequest, reply: FastifyReply): Promise<KeyHolder | null> | null {
    const { checkHost, keys, limiter } = this.#parts;
    const { url, config } = request.routeOptions;
    if (this.#isProbe(request)) return null;
    checkHost(request.headers);
    // Who balances load or watches over the daemon asks often, and must always be answered.
    if (config.open === true && url?.startsWith("/health") === true) return null;
    const isOpen = keys === null || config.open === true;
    if (isOpen && limiter === null) return null;
    return this.#admitKnown(request, reply, isOpen ? null : keys);
  }

  /** @param keys null: none is asked for */
  async #admitKnown(
    request: FastifyRequest,
    reply: FastifyReply,
    keys: KeyRing | null,
  ): Promise<KeyHolder | null> {
    const address = this.#parts.addressOf(request.raw);
    if (keys === null) {
      await this.#limit(request, reply, `address:${address}`);
      return null;
    }
    const { authorization } = request.headers;
    const { url, config } = request.routeOptions;
    if (url === "/metrics" && this.#readsMetrics(address, authorization)) {
      return { id: "metrics", role: "viewer" };
    }
    const { holder, error } = await this.#identify(keys, address, authorization);
    // Whoever has no key is limited too: refusing is work.
    const caller = holder === null ? `address:${address}` : `key:${holder.id}`;
    await this.#limit(request, reply, caller);
    if (holder === null) throw error;
    const needed = config.role ?? roleFor(request.method);
    requireRole(holder.role, needed);
    return holder;
  }

  /** Whether it is the token of whoever collects metrics, who comes on time and is not limited. */
  #readsMetrics(address: string, authorization: string | undefined): boolean {
    const { metricsToken, lockout } = this.#parts;
    const given = bearer.exec(authorization ?? "")?.[1];
    if (metricsToken === null || given === undefined || lockout.remaining(address) > 0)
      return false;
    return timingSafeEqual(hashKey(given), hashKey(metricsToken));
  }

  #isProbe({ headers }: FastifyRequest): boolean {
    const given = headers[probeHeader];
    const { probeToken } = this.#parts;
    if (probeToken === null || typeof given !== "string") return false;
    return timingSafeEqual(hashKey(given), hashKey(probeToken));
  }

  async #identify(
    keys: KeyRing,
    address: string,
    authorization: string | undefined,
  ): Promise<{ holder: KeyHolder; error: null } | { holder: null; error: unknown }> {
    const { lockout } = this.#parts;
    const locked = lockout.remaining(address);
    if (locked > 0) return { holder: null, error: lockedOut(locked) };
    const key = bearer.exec(authorization ?? "")?.[1];
    if (key === undefined) return { holder: null, error: keyMissing() };
    try {
      return { holder: await keys.identify(key), error: null };
    } catch (error) {
      // An expired key was right once: who has it is not guessing.
      if (error instanceof RequestError && error.code === "auth.invalid") {
        await lockout.fail(address);
      }
      return { holder: null, error };
    }
  }

  async #limit(request: FastifyRequest, reply: FastifyReply, caller: string): Promise<void> {
    const { limiter } = this.#parts;
    if (limiter === null) return;
    const { method, routeOptions } = request;
    const decision = await limiter.take(method, routeOptions.url, caller);
    reply.headers(rateLimitHeaders(decision));
    if (decision.allowed) return;
    const retryAfter = Math.max(1, Math.ceil(decision.retryAfter / 1000));
    throw new RequestError(429, "rate_limit.exceeded", "Too many requests of this caller.", {
      hint: `Try again in ${retryAfter} s.`,
      retryAfter,
    });
  }
}

/** What a route needs that does not say it itself. */
function roleFor(method: string): Role {
  return method === "GET" || method === "HEAD" ? "viewer" : "operator";
}

function keyMissing(): RequestError {
  return new RequestError(401, "auth.missing", "The request carries no API key.", {
    hint: "Send the header `Authorization: Bearer <key>`.",
  });
}

function lockedOut(milliseconds: number): RequestError {
  const retryAfter = Math.ceil(milliseconds / 1000);
  return new RequestError(429, "auth.locked", "Too many wrong API keys came from this address.", {
    hint: `It may try again in ${retryAfter} s.`,
    retryAfter,
  });
}

/**
 * @param held null where no key was asked for: then everybody may do everything
 * @throws RequestError 403
 */
export function requireRole(held: Role | null, needed: Role): void {
  if (held === null || mayAct(held, needed)) return;
  throw new RequestError(403, "auth.role", `A key of the role ${held} may not do this.`, {
    hint: `Use a key of the role ${needed}: studio key create --role ${needed}`,
  });
}
