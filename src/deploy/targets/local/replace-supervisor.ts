import type { Daemon } from "../../../server/daemon-spec.ts";
import { livingSupervisor } from "./instance-file.ts";
import { heldDescriptor, inheritedCopies } from "./instances.ts";
import { startSupervisor } from "./launch-supervisor.ts";
import type { LocalSite } from "./local-site.ts";

export interface SupervisorWatch {
  daemon: Daemon;
  site: LocalSite;
  /** Node, and the arguments up to the hidden command. */
  command: readonly string[];
  /** The inherited copy of the listening socket that is never accepted on. */
  spare: number;
  env: Record<string, string | undefined>;
}

/** What a process inherits of the listening socket: copies to accept on, and one that is kept. */
export function inheritedSockets(): { descriptors: number[]; spare: number } {
  const copies = Array.from({ length: inheritedCopies }, (_, index) => heldDescriptor + index);
  const spare = copies.pop() as number;
  return { descriptors: copies, spare };
}

/**
 * The process that serves starts a new supervisor when its own died: the listening socket lives
 * in both, so either can hand it to the other.
 */
export function replaceLostSupervisor(watch: SupervisorWatch): NodeJS.Timeout {
  const { daemon, site, command, spare, env } = watch;
  let missed = 0;
  return setInterval(() => {
    const lost = daemon.state().accepting && livingSupervisor(site.runFolder) === null;
    missed = lost ? missed + 1 : 0;
    // Twice in a row: one look may fall between two supervisors.
    if (missed < 2) return;
    missed = -8;
    startSupervisor({ ...site, command, env, onStart: () => {} }, spare);
  }, 250);
}
