import { mkdtempSync, rmSync } from "node:fs";
import { type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { type Frame, writeFrame } from "../frames.ts";
import type { RunEvent, RunExit } from "../protocol.ts";

interface TerminalInput {
  stdout: Writable;
  frames: AsyncGenerator<Frame, void>;
}

/**
 * A run that is started by another session of the same connection, which has a terminal. What it is
 * told, variables among it, reaches it through a socket that only this user can open.
 */
export async function relayTerminal({ stdout, frames }: TerminalInput): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "studio-run-"));
  const socket = join(folder, "socket");
  const server = createServer();
  try {
    const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socket, resolve);
    });
    const wanted: RunEvent = { kind: "terminalWanted", socket };
    await writeFrame(stdout, "events", `${JSON.stringify(wanted)}\n`);
    const gone = Promise.withResolvers<null>();
    const run = await Promise.race([connected, gone.promise, carried(frames, connected, gone)]);
    if (run === null) return;
    for await (const bytes of run) await writeFrame(stdout, "events", bytes as Buffer);
    const exit: RunExit = { exitCode: null, signal: null, log: [] };
    await writeFrame(stdout, "exit", JSON.stringify(exit));
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Passes messages on; without the other side there is nothing to wait for. */
async function carried(
  frames: AsyncGenerator<Frame, void>,
  connected: Promise<Socket>,
  gone: PromiseWithResolvers<null>,
): Promise<Socket> {
  try {
    for await (const { kind, bytes } of frames) {
      const run = await connected;
      run.on("error", () => {});
      await writeFrame(run, kind, bytes);
    }
  } catch {
    // The connection broke in the middle of a frame.
  }
  gone.resolve(null);
  const run = await connected;
  run.destroy();
  return run;
}
