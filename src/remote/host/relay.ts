import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { createIdentifier } from "../../identifier.ts";
import { identifyProcess } from "../../shell/process-identity.ts";
import { type Frame, readFrames, writable, writeFrame } from "../frames.ts";
import { type Following, type Opening, type RunExit, relayMark } from "../protocol.ts";
import { followRun } from "./follow-run.ts";
import { homePaths } from "./home.ts";
import { readEvents } from "./read-events.ts";
import { lastLogLines, makeRunFolder, writeProcess } from "./run-folder.ts";
import { relayTerminal } from "./terminal.ts";

export interface RelayInput {
  stdin: Readable;
  stdout: Writable;
  env: Record<string, string | undefined>;
  userHome: string;
  /** The words that start studio. */
  program: readonly string[];
  now: Date;
}

/**
 * The end of a connection on the host: starts a run and carries what is said between it and the
 * other machine. It knows nothing of what is said, and when the connection dies it ends, alone.
 */
export async function relay(input: RelayInput): Promise<void> {
  input.stdout.on("error", () => {});
  input.stdout.write(relayMark);
  const frames = readFrames(input.stdin, "");
  const { value } = await frames.next();
  if (value === undefined) return;
  const opening = JSON.parse(value.bytes.toString("utf8")) as Opening | Following;
  const { runs } = homePaths(opening.home, input.userHome);
  if (opening.kind === "follow") return followRun({ ...input, frames, runs, following: opening });
  if (opening.streams === "terminal") return relayTerminal({ ...input, frames });
  if (opening.attached) return relayAttached(input, frames, opening.streams === "pipes");
  return relayDetached(input, frames, runs);
}

/** A run that goes on whatever becomes of the connection: its events go to a file. */
async function relayDetached(
  input: RelayInput,
  frames: AsyncGenerator<Frame, void>,
  runs: string,
): Promise<void> {
  const run = createIdentifier(input.now);
  const folder = makeRunFolder(runs, run);
  const events = openSync(folder.events, "a", 0o600);
  const log = openSync(folder.log, "a", 0o600);
  const child = start(input, run, ["ignore", log, log, events, "pipe"]);
  closeSync(events);
  closeSync(log);
  const identity = identifyProcess(child.pid ?? 0);
  writeProcess(folder, identity);
  const ended = exitOf(child);
  void carryIn(frames, child, child.stdio[4] as Writable, () =>
    process.kill(process.pid, "SIGHUP"),
  );
  let hasEnded = false;
  const end = () => (hasEnded = true);
  ended.then(end, end);
  for await (const bytes of readEvents(folder.events, 0, () => !hasEnded)) {
    await writeFrame(input.stdout, "events", bytes);
  }
  await sayExit(input.stdout, { ...(await ended), log: lastLogLines(folder) });
}

/** A run that ends with the connection, and leaves nothing in a file. */
async function relayAttached(
  input: RelayInput,
  frames: AsyncGenerator<Frame, void>,
  handsOn: boolean,
): Promise<void> {
  const run = createIdentifier(input.now);
  const child = start(input, run, [handsOn ? "pipe" : "ignore", "pipe", "pipe", "pipe", "pipe"]);
  const ended = exitOf(child);
  const messages = child.stdio[4] as Writable;
  void carryIn(frames, child, messages, () => messages.destroy());
  const carried = [
    carryOut(child.stdio[3] as Readable, "events", input.stdout),
    carryOut(child.stdout as Readable, "output", input.stdout),
    carryOut(child.stderr as Readable, "error", input.stdout),
  ];
  const exit = await ended;
  await Promise.all(carried);
  await sayExit(input.stdout, { ...exit, log: [] });
}

function start(
  { program, env }: RelayInput,
  run: string,
  stdio: ("ignore" | "pipe" | number)[],
): ChildProcess {
  const [file = "", ...argv] = program;
  // A session of its own: what happens to the connection's does not reach it.
  return spawn(file, [...argv, "__run", run], { env, stdio, detached: true });
}

function exitOf(child: ChildProcess): Promise<Omit<RunExit, "log">> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

async function carryIn(
  frames: AsyncGenerator<Frame, void>,
  child: ChildProcess,
  messages: Writable,
  lost: () => void,
): Promise<void> {
  messages.on("error", () => {});
  child.stdin?.on("error", () => {});
  try {
    for await (const { kind, bytes } of frames) {
      if (kind === "signal") child.kill(bytes.toString("utf8") as NodeJS.Signals);
      else if (kind === "input") await pass(child.stdin, bytes);
      else if (kind === "inputEnd") child.stdin?.end();
      else await writeFrame(messages, kind, bytes);
    }
  } catch {
    // A connection that breaks may do so in the middle of a frame.
  }
  lost();
}

/** A program that does not read holds up what is sent to it. */
async function pass(stream: Writable | null, bytes: Buffer): Promise<void> {
  if (stream === null || !stream.writable || stream.write(bytes)) return;
  await writable(stream);
}

async function carryOut(
  from: Readable,
  kind: "events" | "output" | "error",
  to: Writable,
): Promise<void> {
  for await (const bytes of from) await writeFrame(to, kind, bytes as Buffer);
}

function sayExit(stdout: Writable, exit: RunExit): Promise<void> {
  return writeFrame(stdout, "exit", JSON.stringify(exit));
}
