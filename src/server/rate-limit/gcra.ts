/** A number of requests within a window of milliseconds, and how many of them may come at once. */
export interface Quota {
  requests: number;
  window: number;
  /** Whole, 1 or more. */
  burst: number;
}

/** What several quotas together say of one request. Durations in milliseconds. */
export interface Decision {
  allowed: boolean;
  /** Of the quota that has the least left: how many requests its window holds. */
  limit: number;
  /** How many more may come at once. */
  remaining: number;
  /** Until that quota is whole again. */
  reset: number;
  /** Until the same request is allowed; 0 when it is. */
  retryAfter: number;
}

/**
 * Times are sums of fractions: a request that is due may seem to be early by a rounding error.
 * In milliseconds.
 */
export const rounding = 0.01;

/** Milliseconds between two requests that come evenly. */
export const intervalOf = ({ requests, window }: Quota): number => window / requests;

/** How far ahead of time requests may come, in milliseconds. */
export const toleranceOf = (quota: Quota): number => intervalOf(quota) * quota.burst;

/**
 * The generic cell rate algorithm in its virtual scheduling form (ITU-T I.371, annex A), as GitLab,
 * Stripe and redis-cell use it. A quota's whole state is its theoretical arrival time: when the next
 * request would come if all came evenly. Within any time t at most `burst + t × requests / window`
 * pass. All quotas must allow a request, and only then it counts, for all of them.
 * @param arrivals the theoretical arrival time of each quota, `now` or later
 * @returns the decision, and the arrival times after it
 */
export function decide(
  quotas: readonly Quota[],
  arrivals: readonly number[],
  now: number,
): { decision: Decision; after: number[] } {
  const ahead = quotas.map((quota, index) => (arrivals[index] ?? now) + intervalOf(quota) - now);
  const waits = quotas.map((quota, index) => (ahead[index] ?? 0) - toleranceOf(quota));
  const allowed = waits.every((wait) => wait <= rounding);
  const after = allowed ? ahead.map((time) => now + time) : [...arrivals];
  const standings = quotas.map((quota, index) => standing(quota, (after[index] ?? now) - now));
  const least = standings.reduce((a, b) => (b.remaining < a.remaining ? b : a));
  const retryAfter = allowed ? 0 : Math.max(...waits);
  const refusing = standings[waits.indexOf(retryAfter)] ?? least;
  return { decision: { allowed, ...(allowed ? least : refusing), retryAfter }, after };
}

function standing(quota: Quota, debt: number): Omit<Decision, "allowed" | "retryAfter"> {
  const left = (toleranceOf(quota) - debt + rounding) / intervalOf(quota);
  const remaining = Math.max(0, Math.floor(left));
  return { limit: quota.requests, remaining, reset: Math.max(0, debt) };
}
