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
  options: GlobalOptions;
  output: Output;
  masker: Masker;
  signal: AbortSignal;
}

export function createContext(input: ContextInput): Context {
  const { process, options, output, masker, signal } = input;
  const { env, stdin, stdout, stderr } = process;
  const terminal = {
    stdin: stdin.isTTY === true,
    stdout: stdout.isTTY === true,
    stderr: stderr.isTTY === true,
  };
  const possible = terminal.stdin && terminal.stderr && options.input && !options.json;
  const onSecret = (value: string) => masker.add(value);
  let project: Promise<Project> | null = null;
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
    prompt: createPrompt({ possible, yes: options.yes, signal, stdin, stderr }),
    project: () => (project ??= readProject(context)),
    view: () => openContextView(context, onSecret),
    observer: () => openObserver(context),
    desk: ({ lockWait } = {}) => openDesk(context, lockWait),
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

async function openDesk(context: Context, lockWait: string | undefined): Promise<Desk> {
  const { environment, directory } = await context.project();
  const { statePaths } = await import("../state.ts");
  const { faultsFrom } = await import("../operation/faults.ts");
  return {
    environment,
    paths: statePaths(directory, environment),
    user: userName(),
    host: hostname(),
    version: context.version,
    signal: context.signal,
    observer: await context.observer(),
    faults: faultsFrom(context.env["STUDIO_FAULT"]),
    now: context.now,
    lockWait: lockWait === undefined ? 0 : await readDuration(lockWait),
  };
}

async function readProject(context: Context): Promise<Project> {
  const { openProject } = await import("../config/open-project.ts");
  const { env, config } = context.options;
  const project = await openProject({
    cwd: context.cwd,
    env: context.env,
    ...(config === undefined ? {} : { configFile: config }),
    ...(env === undefined ? {} : { environment: env }),
  });
  for (const warning of project.warnings) context.output.warn(warning);
  return project;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that no passwd file knows.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
