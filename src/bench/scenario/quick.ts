import { usageError } from "../../errors.ts";
import type { Target } from "../target.ts";
import { requireUsers } from "./plan.ts";
import type { Scenario } from "./schema.ts";

/** Requests to one address: so many of each user, or for so long by users or at a rate. */
export interface QuickLoad {
  url: string;
  headers?: Record<string, string>;
  /** 50 by default, where there is no rate. */
  users?: number | undefined;
  /** Of each user, 10 by default: 50 users with 10 requests are 500. Neither with a time nor a rate. */
  requests?: number | undefined;
  /** Milliseconds; 10 seconds by default where there is a rate. */
  duration?: number | undefined;
  /** A second, answered or not. */
  rate?: number | undefined;
  /** Threads that send the rate. */
  workers?: number | undefined;
}

const usual = { users: 50, requests: 10, duration: 10_000 };
const timeout = 10_000;

/**
 * The scenario and target of a quick run of one address.
 *
 * @throws StudioError (exit 2) when the address or the load makes no sense.
 */
export function quickScenario(load: QuickLoad): { scenario: Scenario; target: Target } {
  const url = URL.parse(load.url);
  if (url === null) {
    throw usageError(
      "The address of the quick run is not a complete one.",
      "Give it like http://127.0.0.1:8000/health/live.",
    );
  }
  const scenario: Scenario = {
    name: "quick",
    description: "One address",
    users: load.users ?? usual.users,
    rampUp: 0,
    warmUp: 0,
    thinkTime: 0,
    timeout,
    requests: [
      { method: "GET", path: `${url.pathname}${url.search}`, headers: {}, weight: 1, expect: {} },
    ],
    thresholds: [],
    flows: [],
    aborts: [],
    open: null,
    ...endOf(load),
  };
  requireUsers(scenario.users);
  const base = new URL(url);
  base.pathname = "";
  base.search = "";
  base.hash = "";
  return { scenario, target: { url: base.href, headers: load.headers ?? {} } };
}

/** What ends the run: its time, or the number of its requests. */
function endOf({
  requests,
  duration,
  rate,
}: QuickLoad): Pick<Scenario, "duration" | "requestsPerUser"> {
  const isTimed = duration !== undefined || rate !== undefined;
  if (isTimed && requests !== undefined) {
    throw usageError(
      "A quick run ends with its time or with the requests of its users.",
      "Leave --requests out, or --duration and --rate.",
    );
  }
  if (isTimed) return { duration: duration ?? usual.duration };
  const each = requests ?? usual.requests;
  if (!Number.isInteger(each) || each < 1 || each > 1_000_000) {
    throw usageError(
      `${each} requests per user: a whole number from 1 to 1000000 is needed.`,
      "Try --requests 10.",
    );
  }
  // An upper bound: a request takes at most the time-out and the longest pause after it.
  const longest = Math.min(each * (timeout + 1000), 24 * 3_600_000);
  return { duration: longest, requestsPerUser: each };
}
