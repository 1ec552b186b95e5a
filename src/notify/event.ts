/** From the least to the most pressing. */
const levels = ["info", "warning", "error", "critical"] as const;

export type Level = (typeof levels)[number];

export type EventKind = "operation" | "job" | "health" | "test";

/** Something that may be worth telling. No secrets. */
export interface NotifyEvent {
  /** It is told once, whoever notices it, and however often. */
  id: string;
  kind: EventKind;
  level: Level;
  /** Whether what it is about stands badly or well since then, or it merely happened. */
  state: "bad" | "good" | "happened";
  /** What it is about: `job:database`. */
  subject: string;
  /** One line. */
  title: string;
  /** Why, in sentences. */
  text: string;
  /** What to type next. */
  hint: string | null;
  /** ISO 8601, UTC. */
  at: string;
}

/** An event as it is told, with whose it is. */
export interface Message extends NotifyEvent {
  project: string;
  environment: string;
  host: string;
  /** Since when it stood badly, and how often that was noticed, where it stands well again. */
  recovered: { since: string; times: number } | null;
}

export const isAtLeast = (level: Level, lowest: Level): boolean =>
  levels.indexOf(level) >= levels.indexOf(lowest);

/** `[shop production] The job "database" failed` */
export const headingOf = ({ project, environment, title }: Message): string =>
  `[${project} ${environment}] ${title}`;

/** What a person reads below the heading, line by line. */
export function linesOf({ text, hint, host, at, recovered }: Message): string[] {
  const before =
    recovered === null
      ? []
      : [`It stood badly since ${recovered.since} (${recovered.times} times).`];
  return [text, ...before, ...(hint === null ? [] : [hint]), `${host}, ${at}`];
}
