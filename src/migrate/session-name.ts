import type { Migrator } from "./journal.ts";

/** What a server shows as the client's name: who is at work, and at what. */
export function sessionName({ user, host }: Migrator, act: "migrate" | "rehearse"): string {
  return `studio ${act} ${user}@${host}`;
}
