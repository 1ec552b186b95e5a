import { hostname, userInfo } from "node:os";
import type { Project } from "../config/project.ts";
import { usageError } from "../errors.ts";
import { packageVersion } from "../package-root.ts";
import type { Context, GlobalOptions } from "./context.ts";
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
    async observer() {
      const { createProgress } = await import("./progress.ts");
      return createProgress({
        stream: stderr,
        terminal: terminal.stderr && env.TERM !== "dumb",
        quiet: options.quiet,
        output,
        masker,
      });
    },
    async desk({ lockWait } = {}) {
      const { environment, directory } = await context.project();
      const { statePaths } = await import("../state.ts");
      const { faultsFrom } = await import("../operation/faults.ts");
      const { parseDuration } = await import("../config/quantity.ts");
      return {
        environment,
        paths: statePaths(directory, environment),
        user: userName(),
        host: hostname(),
        version: context.version,
        signal,
        observer: await context.observer(),
        faults: faultsFrom(env.STUDIO_FAULT),
        now: context.now,
        lockWait: lockWait === undefined ? 0 : duration(parseDuration, lockWait),
      };
    },
    async workplace(input) {
      const { openWorkplace } = await import("../deploy/workplace.ts");
      const desk = await context.desk(input);
      const onSecret = (value: string) => masker.add(value);
      return openWorkplace({ desk, project: await context.project(), env, onSecret });
    },
  };
  return context;
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

function duration(parse: (text: string) => number, text: string): number {
  try {
    return parse(text);
  } catch {
    throw usageError(`"${text}" is not a duration.`, "Write it as 30s, 5m or 2h.");
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that no passwd file knows.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
