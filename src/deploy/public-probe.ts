import { setTimeout as sleep } from "node:timers/promises";
import type { ReleaseRecord } from "./release.ts";
import type { TargetView } from "./target.ts";

/** What requests of ours through the public address met while a deploy moved the traffic. */
export interface ProbeFigures {
  requests: number;
  /** Not answered, or by nobody who could. */
  failed: number;
}

/** Asks the public address again and again, from before the switch until the former release ended. */
export interface PublicProbe {
  /** Does nothing where it asks already. */
  start(target: TargetView, release: ReleaseRecord): void;
  /** Null where it was never started, as in a process that only carries a deploy through. */
  stop(): Promise<ProbeFigures | null>;
}

/** Callers at once, and the milliseconds each rests between two requests. */
const callers = 2;
const rest = 20;

export function createPublicProbe(): PublicProbe {
  const figures: ProbeFigures = { requests: 0, failed: 0 };
  let asking: Promise<void>[] | null = null;
  let stopped = false;
  const ask = async (target: TargetView, release: ReleaseRecord) => {
    while (!stopped) {
      const answered = await target.whoAnswers(release);
      figures.requests += 1;
      if (answered === null) figures.failed += 1;
      await sleep(rest);
    }
  };
  return {
    start(target, release) {
      // Where the public meets nothing, no request of ours could be lost.
      if (target.publicUrl(release) === "") return;
      asking ??= Array.from({ length: callers }, () => ask(target, release));
    },
    async stop() {
      stopped = true;
      if (asking === null) return null;
      await Promise.all(asking);
      return { ...figures };
    },
  };
}
