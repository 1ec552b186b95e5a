import type { Settings } from "../config/schema.ts";
import { type EventKind, type Level, isAtLeast } from "./event.ts";

type Route = Settings["notify"]["routes"][number];

/** The channels that an event of this kind and level goes to, each once, in the order of the routes. */
export function channelsFor(
  { kind, level }: { kind: EventKind; level: Level },
  routes: readonly Route[],
): string[] {
  const fitting = routes.filter(
    (route) => isAtLeast(level, route.level) && (kind === "test" || route.kinds.includes(kind)),
  );
  return [...new Set(fitting.flatMap(({ to }) => to))];
}
