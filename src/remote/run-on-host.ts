import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Command, Input, Outcome } from "../cli/command.ts";
import type { GlobalOptions } from "../cli/context.ts";
import type { Project } from "../config/project.ts";
import { usageError } from "../errors.ts";
import { converse } from "./converse.ts";
import { factsLine, quoted, readFacts } from "./package/host-facts.ts";
import { describePackage } from "./package/own-package.ts";
import { providePackage } from "./package/send-package.ts";
import type { HomeSpec, Order } from "./protocol.ts";
import type { Scene } from "./scene.ts";
import { type Connection, type SshInput, connect } from "./ssh/connection.ts";
import { namedVariables } from "./variables.ts";

export interface HostRun {
  project: Project;
  words: readonly string[];
  command: Command;
  input: Input;
  options: GlobalOptions;
  /** Milliseconds. */
  lockWait: number;
  caller: Order["caller"];
  scene: Scene;
}

/** A host whose clock is further off gets a warning, in milliseconds. */
const mostSkew = 30_000;

/**
 * Runs a command on the host of its environment, by the same studio as here, and plays here what is
 * said there.
 * @throws StudioError what the command failed with there; exit 8 where the host cannot be reached
 */
export async function runOnHost(run: HostRun): Promise<Outcome> {
  const { project, scene } = run;
  const { ssh } = project.settings;
  if (ssh === null) throw new Error("The environment has no host.");
  const home = homeOf(run, ssh.path);
  const mayAsk = scene.mayAsk;
  const target: SshInput = { ...ssh, env: scene.env, mayAsk, signal: scene.signal };
  const own = describePackage(project.directory);
  /** @returns the connection, and the line that starts a relay, or anything of studio, there */
  const open = async (): Promise<[Connection, (...argv: string[]) => string]> => {
    const before = Date.now();
    const [connection, text] = await connect(target, factsLine(own.digest, own.dependencies));
    try {
      const facts = readFacts(ssh.host, text);
      warnOfClock(scene, ssh.host, facts.clock, before);
      const say = (words: string) => scene.output.message(words);
      const program = await providePackage({ connection, facts, own, say });
      return [connection, (...argv) => [...program, ...argv].map(quoted).join(" ")];
    } catch (error) {
      await connection.close();
      throw error;
    }
  };
  return converse({ scene, project, order: orderOf(run, home), command: run.command, open });
}

function homeOf({ project }: HostRun, path: string | null): HomeSpec {
  if (project.file === null || !/^(["']?)name\1\s*:/m.test(readFileSync(project.file, "utf8"))) {
    throw usageError(
      `The environment "${project.environment}" is on another host, and the project has no name to find it by there.`,
      "Add a line to studio.yaml, such as: name: shop",
    );
  }
  return { path, name: project.name, environment: project.environment };
}

function orderOf(run: HostRun, home: HomeSpec): Order {
  const { project, command, options, scene } = run;
  const reads = command.dryRun === "reads" || options.dryRun;
  return {
    kind: "order",
    home,
    words: [...run.words],
    input: run.input,
    options: { ...options, env: home.environment },
    directory: project.directory,
    configFile: basename(project.file ?? "studio.yaml"),
    files: command.files === "sent" ? "sent" : "there",
    reads,
    attached: reads || command.output === "lines" || command.attached === true,
    lockWait: run.lockWait,
    variables: namedVariables(project, scene.env),
    caller: run.caller,
    terminal: {
      stdin: scene.terminal.stdin,
      stdout: scene.terminal.stdout,
      prompts: scene.mayAsk && !options.json,
    },
  };
}

function warnOfClock({ output }: Scene, host: string, clock: number, before: number): void {
  const now = Date.now();
  // The clock there was looked at somewhen in between, to the second.
  const ahead = clock - now;
  const behind = before - (clock + 1000);
  const skew = Math.max(ahead, behind);
  if (skew <= mostSkew) return;
  const side = ahead > behind ? "ahead of" : "behind";
  output.warn(
    `The clock of ${host} is ${Math.round(skew / 1000)} s ${side} this machine's: times and ids are by the one there.`,
  );
}
