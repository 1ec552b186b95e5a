import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { LinkedList } from "../linked-list.ts";
import { whenOver } from "./when-over.ts";

interface Connection {
  /** Answers that are not sent to the end yet. */
  open: LinkedList<ServerResponse>;
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
    this.all.set(socket, { open: new LinkedList(), idleSince: performance.now() });
    socket.once("close", () => this.all.delete(socket));
  }

  begin({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.all.get(socket);
    if (connection === undefined) return;
    const link = connection.open.append(response);
    whenOver(response, () => {
      connection.open.remove(link);
      connection.idleSince = performance.now();
    });
  }

  /** Answers that are not sent to the end yet. */
  unanswered(): ServerResponse[] {
    return [...this.all.values()].flatMap(({ open }) => open.values());
  }

  /** Closes those on which nothing has happened for so many milliseconds. */
  closeIdle(milliseconds: number): void {
    const latest = performance.now() - milliseconds;
    for (const [socket, { open, idleSince }] of this.all) {
      if (open.first === null && idleSince <= latest) socket.destroySoon();
    }
  }
}
