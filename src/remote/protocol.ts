import type { Input } from "../cli/command.ts";
import type { GlobalOptions } from "../cli/context.ts";
import type { ExitCode } from "../errors.ts";
import type { Step } from "../operation/step.ts";

/** Where on the host an environment has its home, and what is to run there. */
export interface Opening {
  kind: "open";
  home: HomeSpec;
  /** Ends with the connection, and leaves nothing of what it says in a file. */
  attached: boolean;
  /** Standard input and output are handed to the command, or those of a terminal. */
  streams: "none" | "pipes" | "terminal";
}

/** To go on listening to a run that a lost connection left alone. */
export interface Following {
  kind: "follow";
  home: HomeSpec;
  run: string;
  /** Bytes of its events that arrived already. */
  offset: number;
}

export interface HomeSpec {
  /** Absolute, or below the user's home; null: `studio/<name>-<environment>` there. */
  path: string | null;
  name: string;
  environment: string;
}

/** One command, as the machine that it was typed on understood it. */
export interface Order {
  kind: "order";
  home: HomeSpec;
  words: string[];
  input: Input;
  options: GlobalOptions;
  /** The project's folder on that machine, for what is said of its files. */
  directory: string;
  /** The project file's own name, without folders. */
  configFile: string;
  /** Whether the files of the project go there first. */
  files: "there" | "sent";
  /** It changes nothing: then the files go into a copy that is thrown away. */
  reads: boolean;
  attached: boolean;
  /** Milliseconds to wait for another run's files. */
  lockWait: number;
  /** What the configuration refers to and only this machine knows. Secret. */
  variables: Record<string, string>;
  /** Who typed it, and on which machine. */
  caller: { user: string; host: string };
  terminal: { stdin: boolean; stdout: boolean; prompts: boolean };
}

export interface ProjectFile {
  /** Relative to the project's folder, with forward slashes. */
  path: string;
  sha256: string;
  bytes: number;
  executable: boolean;
  /** `model`: stays there where this machine has none; `secret`: stays there, private, for ever. */
  kind: "project" | "model" | "secret";
}

/** What is said to the run. */
export type Message =
  | Order
  | { kind: "manifest"; files: ProjectFile[] }
  | { kind: "object"; sha256: string; bytes: number }
  | { kind: "answer"; value: string | boolean | null };

type StepName = Pick<Step, "id" | "title">;

export interface Question {
  how: "confirm" | "text" | "choose";
  question: string;
  flag: string;
  initial?: string;
  choices?: readonly string[];
}

export interface FailureText {
  code: string;
  message: string;
  hint?: string | undefined;
  exitCode: ExitCode;
  details?: unknown;
}

/** What the run says, one line of JSON each. */
export type RunEvent =
  | { kind: "began"; run: string }
  /** A terminal is to be attached at this socket of the host. */
  | { kind: "terminalWanted"; socket: string }
  | { kind: "manifestWanted" }
  | { kind: "objectsWanted"; wanted: string[] }
  | { kind: "message" | "warning" | "line"; text: string }
  | { kind: "plan"; steps: StepName[] }
  | { kind: "started"; step: StepName; phase: "do" | "undo" }
  | {
      kind: "ended";
      step: StepName;
      phase: "do" | "undo";
      end: { state: "done" | "skipped" | "failed"; reason?: string };
    }
  | { kind: "say"; step: StepName; text: string }
  | { kind: "note"; text: string }
  | { kind: "closed" }
  | { kind: "asked"; question: Question }
  | {
      kind: "finished";
      result: unknown;
      exitCode?: ExitCode | undefined;
      error?: FailureText | undefined;
      silent?: boolean | undefined;
    }
  | { kind: "failed"; error: FailureText };

/** How the process of a run ended. */
export interface RunExit {
  exitCode: number | null;
  signal: string | null;
  /** The last lines of what it wrote besides events: only a crash writes any. */
  log: string[];
}

/** Ahead of the first frame from the host. */
export const relayMark = "\nstudio-relay/1\n";
