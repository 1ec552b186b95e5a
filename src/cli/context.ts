import type { View } from "../deploy/view.ts";
import type { Workplace } from "../deploy/workplace.ts";
import type { Project } from "../config/project.ts";
import type { Observer } from "../operation/step.ts";
import type { Desk } from "../operation/perform.ts";
import type { Masker } from "./mask.ts";
import type { Output } from "./output.ts";
import type { Prompt } from "./prompt.ts";

export interface GlobalOptions {
  env?: string;
  config?: string;
  json: boolean;
  yes: boolean;
  dryRun: boolean;
  /** False with --no-input: nothing is asked. */
  input: boolean;
  quiet: boolean;
  verbose: boolean;
  color: boolean;
}

/** Built once by main.ts and handed to the command: its whole view of the outside. */
export interface Context {
  env: Record<string, string | undefined>;
  cwd: string;
  options: GlobalOptions;
  output: Output;
  prompt: Prompt;
  masker: Masker;
  /** Aborted by the first SIGINT or SIGTERM; the reason is the signal's name. */
  signal: AbortSignal;
  now: () => Date;
  version: string;
  /** True when stdout, or stderr, is a terminal that can be drawn on. */
  terminal: { stdin: boolean; stdout: boolean; stderr: boolean };
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  /** The project and environment of this call; read once, on first use. */
  project(): Promise<Project>;
  /** Draws the steps of an operation on stderr. */
  observer(): Promise<Observer>;
  /** The environment, to be looked at: without the means to change it, which take time to load. */
  view(): Promise<View>;
  /** True once what operations need was opened. */
  operated(): boolean;
  /** What operations need of the surroundings. */
  desk(input?: { lockWait?: string | undefined }): Promise<Desk>;
  /** The same, with the environment's database and target: what changes an environment. */
  workplace(input?: { lockWait?: string | undefined }): Promise<Workplace>;
}
