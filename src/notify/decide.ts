import { type Level, type NotifyEvent, isAtLeast } from "./event.ts";

/** What stands badly, as far as anybody noticed. Times are ISO 8601, UTC. */
export interface Incident {
  level: Level;
  since: string;
  /** When it was last told. */
  toldAt: string;
  /** How often it was noticed. */
  times: number;
}

export interface Decision {
  tell: boolean;
  /** By which level it is routed: who heard that it was bad hears that it is good. */
  routedAs: Level;
  recovered: { since: string; times: number } | null;
  /** What stands badly from now on; null where nothing does. */
  incident: Incident | null;
}

/** Milliseconds after which what still stands badly is told again. */
const remindAfter = 24 * 3_600_000;

/**
 * Whether an event is told, given what was told of the same thing before. A job that fails hour by
 * hour is told once, then once a day, and when it succeeds again; an operation is somebody's act, so
 * each that fails is told.
 */
export function decide(event: NotifyEvent, before: Incident | null, now: Date): Decision {
  const { state, level } = event;
  if (state === "happened") {
    return { tell: true, routedAs: level, recovered: null, incident: before };
  }
  if (state === "good") {
    const recovered = before === null ? null : { since: before.since, times: before.times };
    return { tell: true, routedAs: before?.level ?? level, recovered, incident: null };
  }
  const at = now.toISOString();
  if (before === null) {
    const incident = { level, since: event.at, toldAt: at, times: 1 };
    return { tell: true, routedAs: level, recovered: null, incident };
  }
  const isWorse = !isAtLeast(before.level, level);
  const isOld = now.getTime() - Date.parse(before.toldAt) >= remindAfter;
  const tell = event.kind === "operation" || isWorse || isOld;
  const incident = {
    ...before,
    level: isWorse ? level : before.level,
    toldAt: tell ? at : before.toldAt,
    times: before.times + 1,
  };
  return { tell, routedAs: level, recovered: null, incident };
}
