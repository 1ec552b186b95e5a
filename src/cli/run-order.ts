import { homedir } from "node:os";
import { type ExitCode, exitCodes, usageError } from "../errors.ts";
import { packageVersion } from "../package-root.ts";
import type { Settled } from "../remote/host/settle.ts";
import type { Order } from "../remote/protocol.ts";
import { createContext } from "./create-context.ts";
import { createEventObserver, createEventOutput, createEventPrompt } from "./event-output.ts";
import { createMasker } from "./mask.ts";
import { once } from "./place.ts";
import type { Command } from "./command.ts";
import type { Registry } from "./registry.ts";
import { runAndTell } from "./run-and-tell.ts";
import { interruption } from "./run.ts";
import { watchSignals } from "./signals.ts";

export interface OrderInput {
  process: NodeJS.Process;
  registry: Registry;
  /** The run's id, and the socket of its terminal where it has one. */
  argv: readonly string[];
  /** Ends the process at once. */
  end: (exitCode: number) => void;
}

/**
 * Runs a command that was typed on another machine, and tells that one what happens: there it is
 * shown, asked and printed. Once the command has begun, it does not need the other machine.
 */
export async function runOrder({ process, registry, argv, end }: OrderInput): Promise<ExitCode> {
  const { openLink, readOrder } = await import("../remote/host/link.ts");
  const [run = "", socket = null] = argv;
  const link = openLink(socket);
  const order = await readOrder(link);
  if (order === null) return exitCodes.unavailable;
  const masker = createMasker();
  let settled: Settled | null = null;
  const mask = (text: string): string => settled?.named(masker.mask(text)) ?? masker.mask(text);
  const output = createEventOutput(link, mask);
  const signals = watchSignals(
    () => {},
    () => end(exitCodes.interrupted),
  );
  link.send({ kind: "began", run });
  try {
    const command = await commandOf(registry, order);
    const { settle } = await import("../remote/host/settle.ts");
    const now = new Date();
    const [userHome, version] = [homedir(), packageVersion()];
    settled = await settle({ order, link, userHome, version, run, signal: signals.signal, now });
    await enter(process, settled, order);
    const prompt = createEventPrompt(link, order, () => signals.interrupt());
    const load = once(() => openOrdered(process, order));
    const { env } = process;
    const observer = async () => createEventObserver(link, mask);
    const { terminal, caller, options } = order;
    const remote = { prompt, observer, terminal: { ...terminal, stderr: false }, caller };
    const { signal } = signals;
    const context = createContext({ process, env, load, options, output, masker, signal, remote });
    const outcome = await runAndTell(command, context, order.input);
    output.finish(order.words, command, outcome);
    const exitCode = outcome.exitCode ?? exitCodes.done;
    if (exitCode === exitCodes.done && !order.reads && !order.attached) {
      await keep(settled, order, (await load()).settings.variables.file);
    }
    return exitCode;
  } catch (error) {
    return output.fail(order.words, interruption(error, signals.received()) ?? error);
  } finally {
    settled?.release();
    await link.drained();
  }
}

async function commandOf(registry: Registry, { words }: Order): Promise<Command> {
  const entry = registry.entries.find((one) => one.words === words.join(" "));
  if (entry === undefined) throw usageError(`There is no command "${words.join(" ")}" here.`);
  return (await entry.load()).default;
}

/** The process becomes one that could have been started in that folder, with those variables. */
async function enter(process: NodeJS.Process, settled: Settled, order: Order): Promise<void> {
  const { readKeptVariables } = await import("../remote/host/kept-variables.ts");
  process.chdir(settled.directory);
  Object.assign(process.env, readKeptVariables(settled.home), order.variables);
}

async function openOrdered({ env }: NodeJS.Process, { configFile, home }: Order) {
  const { openProject } = await import("../config/open-project.ts");
  const named = configFile === "studio.yaml" ? {} : { configFile };
  return openProject({ cwd: process.cwd(), env, environment: home.environment, ...named });
}

async function keep({ home }: Settled, { variables }: Order, file: string | null): Promise<void> {
  const { keepVariables } = await import("../remote/host/kept-variables.ts");
  keepVariables(home, file, variables);
}
