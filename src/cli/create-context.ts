import { hostname, userInfo } from "node:os";
import type { Project } from "../config/project.ts";
import type { Desk } from "../operation/perform.ts";
import { packageVersion } from "../package-root.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { readDuration } from "./duration.ts";
import type { Masker } from "./mask.ts";
import type { Output } from "./output.ts";
import { createPrompt } from "./prompt.ts";

export interface ContextInput {
  process: NodeJS.Process;
  env: NodeJS.ProcessEnv;
  /** Reads the project and its environment, once. */
  load: () => Promise<Project>;
  options: GlobalOptions;
  output: Output;
  masker: Masker;
  signal: AbortSignal;
  /** Where the command was typed on another machine: what of that one takes the place of this. */
  remote?: Pick<Context, "prompt" | "observer" | "terminal"> & {
    caller: { user: string; host: string };
  };
}

export function createContext(input: ContextInput): Context {
  const { process, env, options, output, masker, signal, remote } = input;
  const { stdin, stdout, stderr } = process;
  const terminal = remote?.terminal ?? {
    stdin: stdin.isTTY === true,
    stdout: stdout.isTTY === true,
    stderr: stderr.isTTY === true,
  };
  const possible = terminal.stdin && terminal.stderr && options.input && !options.json;
  const onSecret = (value: string) => masker.add(value);
  let project: Promise<Project> | null = null;
  let operated = false;
  const context: Context = {
    env,
    cwd: process.cwd(),
    options,
    output,
    masker,
    signal,
    terminal,
    stdout,
    stderr,
    version: packageVersion(),
    now: () => new Date(),
    prompt: remote?.prompt ?? createPrompt({ possible, yes: options.yes, signal, stdin, stderr }),
    project: () => (project ??= warning(context, input.load)),
    view: () => openContextView(context, onSecret),
    observer: remote?.observer ?? (() => openObserver(context)),
    operated: () => operated,
    desk({ lockWait } = {}) {
      operated = true;
      return openDesk(context, remote?.caller ?? caller(), lockWait);
    },
    async workplace(input) {
      const { openWorkplace } = await import("../deploy/workplace.ts");
      const desk = await context.desk(input);
      return openWorkplace({ desk, project: await context.project(), env, onSecret });
    },
  };
  return context;
}

async function openObserver({ stderr, terminal, env, options, output, masker }: Context) {
  const { createProgress } = await import("./progress.ts");
  return createProgress({
    stream: stderr,
    terminal: terminal.stderr && env["TERM"] !== "dumb",
    quiet: options.quiet,
    output,
    masker,
  });
}

async function openContextView(context: Context, onSecret: (value: string) => void) {
  const { openView } = await import("../deploy/view.ts");
  const { statePaths } = await import("../state.ts");
  const project = await context.project();
  const { environment } = project;
  const paths = statePaths(project.directory, environment);
  const desk = { environment, paths, version: context.version, now: context.now };
  return openView({ desk, project, env: context.env, onSecret });
}

async function openDesk(
  context: Context,
  { user, host }: { user: string; host: string },
  lockWait: string | undefined,
): Promise<Desk> {
  const { environment, directory } = await context.project();
  const { statePaths } = await import("../state.ts");
  const { faultsFrom } = await import("../operation/faults.ts");
  return {
    environment,
    paths: statePaths(directory, environment),
    user,
    host,
    version: context.version,
    signal: context.signal,
    observer: await context.observer(),
    faults: faultsFrom(context.env["STUDIO_FAULT"]),
    now: context.now,
    mask: (text) => context.masker.mask(text),
    lockWait: lockWait === undefined ? 0 : await readDuration(lockWait),
  };
}

/** What is doubtful in the configuration is told to those who use it. */
async function warning(context: Context, load: () => Promise<Project>): Promise<Project> {
  const project = await load();
  for (const text of project.warnings) context.output.warn(text);
  return project;
}

/** Who types here, and on which machine. */
export function caller(): { user: string; host: string } {
  return { user: userName(), host: hostname() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that no passwd file knows.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
