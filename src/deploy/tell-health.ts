import { spawn } from "node:child_process";
import type { DaemonSpec } from "../server/daemon-spec.ts";

export interface HealthTellingInput {
  /** The program and words that begin a command of studio; `--env` and `--config` come after. */
  command: readonly string[];
  words: readonly string[];
  directory: string;
  env: Record<string, string | undefined>;
}

/** Milliseconds after which a process that tells is ended. */
const longestTelling = 60_000;

/**
 * Tells how the components of a daemon stand, in a process of its own: channels, secrets and the
 * ledger cost the daemon neither time nor memory, and nothing that fails there reaches it.
 */
export function healthTelling(input: HealthTellingInput): NonNullable<DaemonSpec["tellHealth"]> {
  const { command, words, directory: cwd, env } = input;
  const [program = process.execPath, ...begin] = command;
  return (standings) =>
    new Promise((resolve) => {
      const child = spawn(program, [...begin, "__tell-health", ...words], {
        cwd,
        env,
        stdio: ["pipe", "ignore", "ignore"],
        timeout: longestTelling,
      });
      child.once("error", () => resolve(false));
      child.once("exit", (code) => resolve(code === 0));
      child.stdin.on("error", () => {});
      child.stdin.end(JSON.stringify(standings));
      child.unref();
    });
}
