import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

interface Connection {
  /** Requests on it that are not answered to the end yet. */
  open: number;
  /** When it was opened, or the last answer on it ended; of `performance.now()`. */
  idleSince: number;
}

/** The open connections of the public address, and how long nothing has happened on each. */
export class Connections {
  private readonly all = new Map<Socket, Connection>();

  get size(): number {
    return this.all.size;
  }

  add(socket: Socket): void {
    this.all.set(socket, { open: 0, idleSince: performance.now() });
    socket.once("close", () => this.all.delete(socket));
  }

  begin({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.all.get(socket);
    if (connection === undefined) return;
    connection.open++;
    response.once("close", () => {
      connection.open--;
      connection.idleSince = performance.now();
    });
  }

  /** Closes those on which nothing has happened for so many milliseconds. */
  closeIdle(milliseconds: number): void {
    const latest = performance.now() - milliseconds;
    for (const [socket, { open, idleSince }] of this.all) {
      if (open === 0 && idleSince <= latest) socket.destroySoon();
    }
  }
}
