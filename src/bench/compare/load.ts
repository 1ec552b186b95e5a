import { createHash } from "node:crypto";
import type { Scenario } from "../scenario/schema.ts";

/** A digest of what a run asks of its target; how long it does, and from how many threads, is none of it. */
export function loadDigest(plan: Scenario): string {
  const { users, thinkTime, timeout, requests, flows, open, duration } = plan;
  const stages = open?.stages.map(({ from, to, duration: length }) => {
    return { from, to, share: Number((length / duration).toPrecision(6)) };
  });
  const rate = open === null ? null : { stages, spacing: open.spacing.kind };
  const text = JSON.stringify({ users, thinkTime, timeout, requests, flows, rate });
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
