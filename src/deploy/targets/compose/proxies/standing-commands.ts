import type { CommandResult } from "../../../../shell/exec.ts";
import type { Docker } from "../docker.ts";
import type { Go } from "../stand-by.ts";

/** Commands that wait in a proxy's containers, while a new release becomes healthy, to be let run. */
export interface StandingCommands {
  prepare(container: string, command: readonly string[]): void;
  /** Null where it does not stand by, or did not run to a good end: it is then to be run anew. */
  run(container: string, command: readonly string[]): Promise<CommandResult | null>;
}

export function standingCommands(docker: Docker): StandingCommands {
  const waiting = new Map<string, Go>();
  const nameOf = (container: string, command: readonly string[]): string =>
    [container, ...command].join("\0");
  return {
    prepare(container, command) {
      const name = nameOf(container, command);
      if (!waiting.has(name)) waiting.set(name, docker.standBy(container, command));
    },
    async run(container, command) {
      const name = nameOf(container, command);
      const go = waiting.get(name);
      waiting.delete(name);
      return (await go?.()) ?? null;
    },
  };
}
