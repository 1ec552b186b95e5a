import { tagOf } from "../scenario/schema.ts";
import type { ScenarioRequest } from "../scenario/schema.ts";
import type { Endpoint } from "../target.ts";

/** A request of a scenario as it is sent to one target. */
export interface PreparedRequest {
  tag: string;
  method: ScenarioRequest["method"];
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body?: string | undefined;
  /** Null: any status from 200 to 299. */
  statuses: readonly number[] | null;
}

export function prepareRequest(
  request: ScenarioRequest,
  { basePath, headers: own }: Pick<Endpoint, "basePath" | "headers">,
): PreparedRequest {
  const { method, path, body, expect } = request;
  const headers = mergeHeaders(own, request.headers);
  const statuses = expect.status ?? null;
  const prepared = { tag: tagOf(request), method, path: `${basePath}${path}`, headers, statuses };
  if (body === undefined) return prepared;
  if (typeof body === "string") return { ...prepared, body };
  const typed = mergeHeaders({ "content-type": "application/json" }, headers);
  return { ...prepared, headers: typed, body: JSON.stringify(body) };
}

/** Names in lower case, so that a later header replaces an earlier one however it is written. */
function mergeHeaders(...all: Record<string, string>[]): Record<string, string> {
  const pairs = all.flatMap((headers) => Object.entries(headers));
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}

/** Why a status is not what a request hopes for; null when it is. */
export function statusProblem(
  { statuses }: Pick<PreparedRequest, "statuses">,
  status: number,
): string | null {
  const expected = statuses === null ? status >= 200 && status < 300 : statuses.includes(status);
  return expected ? null : `status ${status}`;
}
