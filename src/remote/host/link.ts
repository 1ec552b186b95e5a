import { fstatSync, writeSync } from "node:fs";
import { Socket, connect } from "node:net";
import { type Frame, readFrames } from "../frames.ts";
import type { Message, Order, RunEvent } from "../protocol.ts";

/** The run's connection to whoever asked for it, which may break at any time. */
export interface Link {
  send(event: RunEvent): void;
  /** Hands on what is answered to questions; resolves once the other side is gone. */
  listen(answered: (value: string | boolean | null) => void): Promise<void>;
  /** The next frame; null once the other side is gone. */
  next(): Promise<Frame | null>;
  /** Resolves when everything sent is on its way. */
  drained(): Promise<void>;
}

/** Where a run finds its connection: `relay.ts` opens these. */
const eventsDescriptor = 3;
const messagesDescriptor = 4;

/** @param socket path of a socket for both ways; null: the descriptors that were handed over */
export function openLink(socket: string | null): Link {
  if (socket !== null) {
    const both = connect(socket);
    return linkOf(both, streamSender(both));
  }
  const input = new Socket({ fd: messagesDescriptor, readable: true, writable: false });
  if (fstatSync(eventsDescriptor).isFile()) return linkOf(input, fileSender());
  const output = new Socket({ fd: eventsDescriptor, readable: false, writable: true });
  return linkOf(input, streamSender(output));
}

/** Answers, without those to questions that nobody asks any more. */
async function listen(
  next: Link["next"],
  answered: (value: string | boolean | null) => void,
): Promise<void> {
  for (let frame = await next(); frame !== null; frame = await next()) {
    const message = frame.kind === "message" ? messageOf(frame) : null;
    if (message?.kind === "answer") answered(message.value);
  }
}

type Sender = Pick<Link, "send" | "drained">;

function linkOf(input: Socket, sender: Sender): Link {
  input.on("error", () => {});
  const frames = readFrames(input, "");
  const next = async () => {
    const { value } = await frames.next().catch(() => ({ value: undefined }));
    return value ?? null;
  };
  return { ...sender, next, listen: (answered) => listen(next, answered) };
}

/** What goes to a file outlives the connection: whoever connects again reads on. */
function fileSender(): Sender {
  return {
    send: (event) => void writeSync(eventsDescriptor, `${JSON.stringify(event)}\n`),
    drained: async () => {},
  };
}

function streamSender(output: Socket): Sender {
  output.on("error", () => {});
  return {
    send: (event) => void (output.writable && output.write(`${JSON.stringify(event)}\n`)),
    drained: () =>
      new Promise((resolve) => {
        if (!output.writable || output.writableLength === 0) return resolve();
        output.once("close", () => resolve());
        output.write("", () => resolve());
      }),
  };
}

export function messageOf({ bytes }: Frame): Message {
  return JSON.parse(bytes.toString("utf8")) as Message;
}

/** The order that a run begins with. */
export async function readOrder(link: Link): Promise<Order | null> {
  const frame = await link.next();
  const message = frame === null ? null : messageOf(frame);
  return message?.kind === "order" ? message : null;
}
