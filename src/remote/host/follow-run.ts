import type { Writable } from "node:stream";
import { isAlive } from "../../shell/process-identity.ts";
import { type Frame, writeFrame } from "../frames.ts";
import type { Following, RunExit } from "../protocol.ts";
import { readEvents } from "./read-events.ts";
import { lastLogLines, readProcess, runFolder } from "./run-folder.ts";

interface FollowInput {
  stdout: Writable;
  frames: AsyncGenerator<Frame, void>;
  runs: string;
  following: Following;
}

/** Listens to a run that another connection began. What it asks now, nobody can answer. */
export async function followRun({ stdout, frames, runs, following }: FollowInput): Promise<void> {
  const folder = runFolder(runs, following.run);
  const identity = readProcess(folder);
  const isRunning = () => identity !== null && isAlive(identity);
  void passSignals(frames, (name) => {
    if (identity !== null && isRunning()) process.kill(identity.pid, name);
  });
  for await (const bytes of readEvents(folder.events, following.offset, isRunning)) {
    await writeFrame(stdout, "events", bytes);
  }
  const exit: RunExit = { exitCode: null, signal: null, log: lastLogLines(folder) };
  await writeFrame(stdout, "exit", JSON.stringify(exit));
}

async function passSignals(
  frames: AsyncGenerator<Frame, void>,
  send: (name: NodeJS.Signals) => void,
): Promise<void> {
  try {
    for await (const { kind, bytes } of frames) {
      if (kind === "signal") send(bytes.toString("utf8") as NodeJS.Signals);
    }
  } catch {
    // The connection broke in the middle of a frame.
  }
  process.kill(process.pid, "SIGHUP");
}
