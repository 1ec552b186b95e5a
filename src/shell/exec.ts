import type { Options } from "execa";

export interface CommandResult {
  exitCode: number;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  input?: string | Uint8Array;
  /** How both streams become text: `latin1` makes a character of each byte, and loses none. */
  encoding?: "utf8" | "latin1";
  /** Milliseconds; the command is ended after it. */
  timeout?: number;
  signal?: AbortSignal;
  /** Where both streams go; the default collects them. */
  stdio?: "pipe" | "inherit";
}

/**
 * Runs a program without a shell and waits for it. A non-zero exit is a result, not an error; a
 * program that cannot be started has exit code 127.
 */
export async function runCommand(
  file: string,
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { execa } = await import("execa");
  const settings: Options = {
    reject: false,
    stripFinalNewline: false,
    extendEnv: false,
    cwd: options.cwd,
    env: options.env ?? process.env,
    input: options.input,
    encoding: options.encoding ?? "utf8",
    timeout: options.timeout,
    cancelSignal: options.signal,
    stdio: options.stdio ?? "pipe",
  };
  const result = await execa(file, [...argv], settings);
  return {
    exitCode: result.exitCode ?? (result.signal === undefined ? 127 : 128),
    signal: result.signal ?? null,
    stdout: String(result.stdout ?? ""),
    stderr: String(result.stderr ?? ""),
  };
}

/** Runs a command line by `sh -c`, as hooks and secret commands are written. */
export function runShell(line: string, options: CommandOptions = {}): Promise<CommandResult> {
  return runCommand("/bin/sh", ["-c", line], options);
}
