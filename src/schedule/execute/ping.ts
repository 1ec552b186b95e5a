import { createHash } from "node:crypto";
import type { JobOutcome } from "../../ledger/job-runs.ts";

export type PingMoment = "start" | JobOutcome;

export interface PingInput {
  /** The address of the check: a secret, since whoever knows it can report success. */
  url: string;
  moment: PingMoment;
  /** Of the run: the service tells overlapping runs apart by it. */
  run: string;
  exitCode?: number | null;
}

/** Milliseconds that a ping may take: the job waits for it. */
const patience = 5000;

/**
 * Tells a dead-man's switch that a run began or how it ended, by the convention of
 * https://healthchecks.io/docs/http_api/: `/start`, the address itself for success, and the exit
 * code or `/fail` behind it for anything else. Tries once more; never throws.
 * @returns whether it was taken
 */
export async function ping(input: PingInput, fetchWith: typeof fetch = fetch): Promise<boolean> {
  const address = addressOf(input);
  if (address === null) return false;
  for (let attempts = 0; attempts < 2; attempts += 1) {
    try {
      const signal = AbortSignal.timeout(patience / 2);
      const response = await fetchWith(address, { method: "POST", signal, redirect: "error" });
      await response.body?.cancel();
      if (response.ok) return true;
    } catch {
      // Whoever waits for it notices that nothing came.
    }
  }
  return false;
}

function addressOf({ url, moment, run, exitCode }: PingInput): string | null {
  if (!URL.canParse(url)) return null;
  const address = new URL(url);
  const suffix = suffixOf(moment, exitCode ?? null);
  if (suffix !== "") address.pathname = `${address.pathname.replace(/\/$/, "")}/${suffix}`;
  address.searchParams.set("rid", uuidOf(run));
  return address.href;
}

function suffixOf(moment: PingMoment, exitCode: number | null): string {
  if (moment === "start") return "start";
  if (moment === "succeeded") return "";
  return exitCode !== null && exitCode > 0 && exitCode < 256 ? String(exitCode) : "fail";
}

/** The service takes a UUID alone: one that follows from the run's id (RFC 9562, version 8). */
function uuidOf(run: string): string {
  const digest = createHash("sha256").update(run).digest("hex");
  const [first, second, third] = [digest.slice(0, 8), digest.slice(8, 12), digest.slice(13, 16)];
  return `${first}-${second}-8${third}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
