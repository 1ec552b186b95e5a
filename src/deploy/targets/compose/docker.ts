import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import { type CommandResult, runCommand } from "../../../shell/exec.ts";
import { runGroup } from "../../../shell/process-group.ts";
import type { Look } from "../../target.ts";
import { type Go, standBy } from "./stand-by.ts";

export interface DockerOptions {
  /** The project's folder. */
  cwd: string;
  env: Record<string, string | undefined>;
}

/** The docker command, as the operator's own DOCKER_HOST, context and login have it. */
export interface Docker {
  /** Asks; @throws StudioError with docker's own words where it fails */
  ask(argv: readonly string[], more?: DockerMore): Promise<string>;
  /** Asks, and leaves the failure to the caller. */
  attempt(argv: readonly string[], more?: DockerMore): Promise<CommandResult>;
  /** Starts in a container what runs a command there at a word. */
  standBy(container: string, command: readonly string[]): Go;
  /**
   * What `ask` found a moment ago under that name, unless something was changed since. It is given
   * what it found the last time, however long ago.
   */
  recall<T>(name: string, ask: (before: T | null) => Promise<T>, look?: Look): Promise<T>;
  /**
   * Changes something. The process is in the journal before it is let run, so that a resume does
   * not meet it at work.
   */
  act(run: StepRun, argv: readonly string[], more?: DockerMore): Promise<void>;
  /** Hands the terminal through; resolves to the exit code. */
  handThrough(argv: readonly string[]): Promise<number>;
  /** Writes each line of both streams, until docker ends or the signal. */
  follow(
    argv: readonly string[],
    to: { signal: AbortSignal; write: (line: string) => void },
  ): Promise<void>;
}

export interface DockerMore {
  input?: string;
  /** Milliseconds. */
  timeout?: number;
  /** What was meant to happen, for the error: "Service api could not be built". */
  failing?: string;
  /** What it may complain of, in each of its lines, and still have told all the rest. */
  despite?: RegExp;
}

/**
 * Milliseconds: to ask takes a fifth as long, and parts that know nothing of one another ask the same
 * in a row.
 */
const moment = 800;

/** Compose's warning about services of the other colour would frighten for nothing. */
const quiet = { COMPOSE_IGNORE_ORPHANS: "1", COMPOSE_PROGRESS: "plain", DOCKER_CLI_HINTS: "false" };

export function createDocker({ cwd, env: given }: DockerOptions): Docker {
  const env = { ...given, ...quiet };
  const recalled = new Map<string, Recalled>();
  const attempt: Docker["attempt"] = (argv, more = {}) =>
    runCommand("docker", argv, { cwd, env, timeout: more.timeout ?? 60_000, ...inputOf(more) });
  return {
    attempt,
    standBy: (container, command) => standBy(container, command, { cwd, env }),
    async recall(name, ask, { anew } = { anew: false }) {
      const known = recalled.get(name);
      const lasting = anew ? 0 : moment;
      if (known !== undefined && performance.now() - known.at < lasting)
        return (await known.answer) as never;
      // Whoever asks the same while it is asked waits for the same answer.
      const before = known?.found ?? null;
      const asked: Recalled = { at: Infinity, found: before, answer: ask(before as never) };
      recalled.set(name, asked);
      try {
        asked.found = await asked.answer;
        asked.at = performance.now();
        return asked.found as never;
      } catch (error) {
        asked.at = -Infinity;
        throw error;
      }
    },
    async ask(argv, more = {}) {
      const result = await attempt(argv, more);
      if (result.exitCode === 0 || isExcused(result, more.despite)) return result.stdout;
      throw dockerError(result.exitCode, lastWords(result.stderr || result.stdout), more.failing);
    },
    async handThrough(argv) {
      return (await runCommand("docker", argv, { cwd, env, stdio: "inherit" })).exitCode;
    },
    async follow(argv, { signal, write }) {
      await runGroup("docker", argv, { cwd, env, signal, onStart: () => {}, onLine: write });
    },
    async act(run, argv, more = {}) {
      const { exitCode, lastLines } = await runGroup("docker", argv, {
        cwd,
        env,
        onStart: (identity) => run.child(identity),
        onLine: (line) => run.say(line),
        signal: run.signal,
      }).finally(() => {
        // What is asked meanwhile may be of before.
        for (const [name, one] of recalled) recalled.set(name, { ...one, at: -Infinity });
      });
      if (exitCode === 0) return;
      run.signal.throwIfAborted();
      throw dockerError(exitCode ?? 1, lastWords(lastLines.join("\n")), more.failing);
    },
  };
}

interface Recalled {
  /** When it was answered, on the clock of `performance`; Infinity while it is asked. */
  at: number;
  answer: Promise<unknown>;
  found: unknown;
}

/** Something that was listed a moment ago, and is gone by now. */
export const goneMeanwhile = /no such \w+|(task|service) \S+ not found/i;

function isExcused({ stderr }: CommandResult, despite: RegExp | undefined): boolean {
  const complaints = stderr.split("\n").filter((line) => line.trim() !== "");
  return (
    despite !== undefined && complaints.length > 0 && complaints.every((line) => despite.test(line))
  );
}

const inputOf = ({ input }: DockerMore) => (input === undefined ? {} : { input });

/** The end of what docker wrote: its beginning is progress. */
function lastWords(text: string): string {
  const lines = text.trim().split("\n").slice(-4);
  return lines.map((line) => line.trim()).join(" ");
}

const unreachable =
  /cannot connect to the docker daemon|error during connect|permission denied.*docker/i;

function dockerError(exitCode: number, words: string, failing?: string): StudioError {
  if (exitCode === 127 || /is not a docker command|unknown command: docker compose/.test(words)) {
    return new StudioError({
      code: "docker.missing",
      message: "Docker with its Compose plugin (version 2) is not installed here.",
      hint: "Install both (https://docs.docker.com/engine/install/), then run this again.",
      exitCode: exitCodes.unavailable,
    });
  }
  if (unreachable.test(words)) {
    return new StudioError({
      code: "docker.unreachable",
      message: `The Docker daemon does not answer: ${words}`,
      hint: "Start it, or set DOCKER_HOST; `docker info` must work for this user.",
      exitCode: exitCodes.unavailable,
    });
  }
  return new StudioError({
    code: "docker.failed",
    message: `${failing ?? "Docker could not do it"}: ${words || `exit code ${exitCode}`}`,
    exitCode: exitCodes.undone,
  });
}
