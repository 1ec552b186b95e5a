import { chmodSync, lstatSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import type { RequestHandler } from "./public-listener.ts";

/**
 * Serves the handler on a Unix socket that only the daemon's own user can open. What a daemon that
 * was killed left at the path is replaced; a living one is not.
 * @throws StudioError `daemon.socket`
 */
export async function listenPrivately(path: string, handler: RequestHandler): Promise<Server> {
  if (await isAnswering(path)) {
    throw socketError(path, "another daemon answers there", "Stop that daemon first.");
  }
  const leftover = lstatSync(path, { throwIfNoEntry: false });
  if (leftover !== undefined) {
    if (!leftover.isSocket()) throw socketError(path, "another file is in its place");
    rmSync(path);
  }
  const server = createServer({ requireHostHeader: false }, handler);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
      // The socket exists as soon as listen() has returned: before anyone can have been served.
      if (server.listening) chmodSync(path, 0o600);
    });
  } catch (error) {
    server.close(() => undefined);
    throw socketError(path, reasonOf(error), "A socket's path may have 107 bytes on Linux.");
  }
  return server;
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function socketError(path: string, reason: string, hint?: string): StudioError {
  return new StudioError({
    code: "daemon.socket",
    message: `The daemon cannot use the socket ${path}: ${reason}.`,
    hint,
    exitCode: exitCodes.unavailable,
  });
}
