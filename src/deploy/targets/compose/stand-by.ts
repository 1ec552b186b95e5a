import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { CommandResult } from "../../../shell/exec.ts";

/** Lets the command run, once; null where it did not run to a good end. */
export type Go = () => Promise<CommandResult | null>;

/** What waits in the container: where studio dies, its input ends, and nothing runs. */
const gate = 'read -r word && [ "$word" = go ] && exec "$@"';

/** Milliseconds that it may take from the word on. */
const patience = 60_000;

/**
 * Starts in a container what runs a command at a word: the engine takes ten times as long to start a
 * process as most commands take. It needs a shell there; whoever is told null runs the command
 * himself. Studio does not wait for it to end.
 */
export function standBy(
  container: string,
  command: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string | undefined> },
): Go {
  const argv = ["exec", "-i", container, "sh", "-c", gate, "sh", ...command];
  const child = spawn("docker", argv, { cwd, env });
  // Pipes to a child are sockets, which its type does not say.
  const pipes = [child.stdin, child.stdout, child.stderr] as unknown as Socket[];
  const handles = [child, ...pipes];
  for (const handle of handles) handle.unref();
  child.stdin.on("error", () => undefined);
  const texts = Promise.all([text(child.stdout), text(child.stderr)]);
  const ended = new Promise<CommandResult | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (exitCode) => {
      void texts.then(
        ([stdout, stderr]) =>
          resolve(exitCode === 0 ? { exitCode, signal: null, stdout, stderr } : null),
        () => resolve(null),
      );
    });
  });
  return () => {
    for (const handle of handles) handle.ref();
    const late = setTimeout(() => child.kill("SIGKILL"), patience);
    child.stdin.end("go\n");
    return ended.finally(() => clearTimeout(late));
  };
}
