import { type ChildProcess, spawn } from "node:child_process";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StudioError, exitCodes, systemCode } from "../../errors.ts";
import { explainFailure } from "./explain.ts";

export interface SshHost {
  /** `user@host`, a host, or a name of the operator's ssh configuration. */
  host: string;
  /** Null: what the configuration says. */
  port: number | null;
}

export interface SshInput extends SshHost {
  env: Record<string, string | undefined>;
  /** Whether there is a terminal on which ssh may ask for a passphrase or about an unknown host. */
  mayAsk: boolean;
  signal: AbortSignal;
}

/** One connection to a host, over which several sessions run. */
export interface Connection {
  host: string;
  /** Runs a line of `sh` there, and waits for it. */
  run(line: string, input?: Readable): Promise<{ exitCode: number | null; stdout: string }>;
  /** Starts a line of `sh` there, its streams to be talked over. */
  start(line: string): Session;
  /** The same with this terminal as its streams; resolves when it has ended. */
  attach(line: string): Promise<void>;
  close(): Promise<void>;
}

export interface Session {
  process: ChildProcess;
  /** What ssh itself, or a login shell, had to say. */
  complaints(): string;
}

/**
 * Connects by the operator's own `ssh`: configuration, agent, known hosts and jump hosts are those
 * of any other connection. It is made once; further sessions go through it. The process that holds
 * it leaves the terminal's group, so that Ctrl-C reaches studio and not the connection.
 */
export async function connect(input: SshInput, firstLine: string): Promise<[Connection, string]> {
  const control = join(controlFolder(), `${process.pid}-${Date.now().toString(36)}`);
  const argv = optionsOf(input, control);
  const connection: Connection = {
    host: input.host,
    run: (line, from) => collect(input, argv, line, from),
    start: (line) => startSession(input, [...argv, "-T", "--", input.host, line], true),
    attach: (line) => attach(input, [...argv, "-q", "-tt", "--", input.host, line]),
    close: () => closeMaster(input, [...argv, "-O", "exit", "--", input.host]),
  };
  const { exitCode, stdout } = await connection.run(firstLine);
  if (exitCode !== 0) {
    throw new StudioError({
      code: "remote.noShell",
      message: `The host ${input.host} let us in, but would not run a command (exit code ${exitCode}).`,
      hint: `Try it by hand: ssh ${input.host} true`,
      exitCode: exitCodes.unavailable,
    });
  }
  return [connection, stdout];
}

function optionsOf({ port, mayAsk }: SshInput, control: string): string[] {
  const options = {
    BatchMode: mayAsk ? "no" : "yes",
    ConnectTimeout: "20",
    ServerAliveInterval: "10",
    ServerAliveCountMax: "3",
    ControlMaster: "auto",
    ControlPath: control,
    // Long enough for the session after the first, and soon over where studio was killed.
    ControlPersist: "20",
    ClearAllForwardings: "yes",
    RemoteCommand: "none",
  };
  const words = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return port === null ? words : [...words, "-p", String(port)];
}

/** A socket's path must be short. Whoever can open it is let in on that host. */
function controlFolder(): string {
  const folder = join(tmpdir(), `studio-ssh-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) {
    return folder;
  }
  throw new StudioError({
    code: "remote.unsafeFolder",
    message: `The folder ${folder} belongs to somebody else, or is open to others.`,
    hint: `Remove it, or set TMPDIR to a folder of your own.`,
    exitCode: exitCodes.unavailable,
  });
}

function startSession({ env }: SshInput, argv: readonly string[], detached: boolean): Session {
  const child = spawn("ssh", [...argv], { env, detached, stdio: ["pipe", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk) => (complaints = (complaints + String(chunk)).slice(-4000)));
  child.stdin.on("error", () => {});
  return { process: child, complaints: () => complaints };
}

async function collect(
  input: SshInput,
  argv: readonly string[],
  line: string,
  from: Readable | undefined,
): Promise<{ exitCode: number | null; stdout: string }> {
  const session = startSession(input, [...argv, "-T", "--", input.host, line], false);
  const { process: child } = session;
  const stop = () => void child.kill();
  input.signal.addEventListener("abort", stop, { once: true });
  try {
    const { stdout } = child;
    let text = "";
    stdout?.on("data", (chunk) => (text += String(chunk)));
    if (child.stdin !== null) {
      if (from === undefined) child.stdin.end();
      else void pipeline(from, child.stdin).catch(stop);
    }
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      // Not "close": the process that keeps the connection may keep standard error open, too.
      child.once("exit", (code) => {
        if (stdout === null || stdout.readableEnded) resolve(code);
        else stdout.once("end", () => resolve(code));
      });
    });
    input.signal.throwIfAborted();
    if (exitCode === 255) throw explainFailure(input, session.complaints());
    return { exitCode, stdout: text };
  } catch (error) {
    if (systemCode(error) === "ENOENT") throw sshMissing();
    throw error;
  } finally {
    input.signal.removeEventListener("abort", stop);
  }
}

function attach({ env }: SshInput, argv: readonly string[]): Promise<void> {
  const child = spawn("ssh", [...argv], { env, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => resolve());
  });
}

/** Ends the process that holds the connection; one that is gone needs no end. */
function closeMaster({ env }: SshInput, argv: readonly string[]): Promise<void> {
  const child = spawn("ssh", [...argv], { env, stdio: "ignore", detached: true });
  return new Promise((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
}

function sshMissing(): StudioError {
  return new StudioError({
    code: "remote.sshMissing",
    message: "There is no ssh program here, by which the environment's host is reached.",
    hint: "Install it, on Debian by: apt-get install openssh-client",
    exitCode: exitCodes.unavailable,
  });
}
