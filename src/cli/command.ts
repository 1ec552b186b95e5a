import { type ExitCode, type StudioError, usageError } from "../errors.ts";
import type { Block } from "./blocks.ts";
import type { Context } from "./context.ts";

/** Where the words of a shell completion come from. */
export type Completion =
  | "environments"
  | "releases"
  | "snapshots"
  | "scenarios"
  | "operations"
  | "models"
  | "files"
  | readonly string[];

export interface ArgumentSpec {
  /** As shown in the usage line: `ID`. */
  name: string;
  summary: string;
  required?: boolean;
  variadic?: boolean;
  complete?: Completion;
}

export interface OptionSpec {
  /** commander's notation: `--to <id>`, `-f, --follow`. */
  flags: string;
  summary: string;
  default?: string | boolean | number;
  /** May be given several times; the values are collected. */
  repeatable?: boolean;
  complete?: Completion;
  hidden?: boolean;
}

/** What every command takes that changes an environment and waits for its lock. */
export const messageOption: OptionSpec = {
  flags: "-m, --message <text>",
  summary: "Why, for the history",
};
export const lockWaitOption: OptionSpec = {
  flags: "--lock-wait <duration>",
  summary: "Wait for another operation, e.g. 5m",
};

export interface Input {
  arguments: readonly string[];
  /** By the option's long name in camel case. */
  options: Readonly<Record<string, unknown>>;
}

/** What a command hands back: data, and the few facts the data cannot carry. */
export interface Outcome<Result = unknown> {
  result: Result;
  /** 0 unless the result itself says otherwise: 3 incomplete, 4 a check did not pass. */
  exitCode?: ExitCode;
  /** Goes with an exit code other than 0, so that `--json` readers learn why. */
  error?: StudioError;
  /** Standard output has something else on it already: the result is not written there. */
  silent?: boolean;
}

/** One thing that can be typed. `run` imports one function of a part, lazily, and calls it. */
export interface Command<Result = unknown> {
  /** A paragraph under the usage line; the one-line summary stands in the registry. */
  description?: string;
  arguments?: readonly ArgumentSpec[];
  options?: readonly OptionSpec[];
  examples: readonly { line: string; does: string }[];
  exitCodes: readonly ExitCode[];
  /**
   * What --dry-run means here: `reads`: nothing is changed anyhow; `plans`: the command looks at
   * the option itself. Absent: the option is refused, rather than taken for a promise.
   */
  dryRun?: "reads" | "plans";
  /**
   * Whose files it works with, and so where it runs, for an environment on another host (`ssh:`):
   * `there`: on that host, with what lies there (the default); `sent`: on that host, with the files
   * of this project, which go there first, into a copy where the command only looks; `here`: on this
   * machine, whatever the environment.
   */
  files?: "there" | "sent" | "here";
  /**
   * On another host it ends with the connection, and what it says is written to no file: its result
   * holds a secret, or goes to standard output as it comes. So it is for all that only looks.
   */
  attached?: boolean;
  /** It hands its standard streams to a program. */
  handsOn?: boolean;
  /**
   * `document`: one result, rendered by `human` or as one JSON document.
   * `lines`: runs on, and writes lines itself through the context.
   * `text`: the result is a text for other programs, also with `--json`.
   */
  output?: "document" | "lines" | "text";
  run(context: Context, input: Input): Promise<Outcome<Result>>;
  human?(result: Result): Block[];
}

/** Keeps the result's type between `run` and `human` while a registry holds all commands alike. */
export function defineCommand<Result>(command: Command<Result>): Command {
  return command;
}

/** The value of an option that takes one; undefined when it was not given. */
export function textOption(input: Input, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * An option with a default that says how many.
 * @throws StudioError (exit 2) for anything but a whole number from 1 on
 */
export function countOption(input: Input, name: string): number {
  const count = Number(textOption(input, name));
  if (!Number.isInteger(count) || count < 1) throw usageError(`--${name} takes a whole number.`);
  return count;
}

export function flagOption(input: Input, name: string): boolean {
  return input.options[name] === true;
}

export function listOption(input: Input, name: string): string[] {
  const value = input.options[name];
  return Array.isArray(value) ? value.map(String) : [];
}
