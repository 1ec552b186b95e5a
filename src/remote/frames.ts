import type { Readable, Writable } from "node:stream";

/**
 * What goes over the connection: a letter for the kind, the length as four bytes (big endian), then
 * as many bytes.
 */
export interface Frame {
  kind: FrameKind;
  bytes: Buffer;
}

/** To the host: message, data of a file, signal, input, end of input. */
type Outward = "message" | "data" | "signal" | "input" | "inputEnd";
/** Back: events of the run, what it writes to standard output and error, its end. */
type Inward = "events" | "output" | "error" | "exit";
export type FrameKind = Outward | Inward;

const letters: Record<FrameKind, string> = {
  message: "M",
  data: "D",
  signal: "S",
  input: "I",
  inputEnd: "Z",
  events: "E",
  output: "O",
  error: "R",
  exit: "X",
};
const kinds = new Map(Object.entries(letters).map(([kind, letter]) => [letter, kind as FrameKind]));

const headBytes = 5;
const longest = 64 * 1024 * 1024;

/** Writes one frame, and waits where the other side does not keep up. */
export async function writeFrame(
  stream: Writable,
  kind: FrameKind,
  content: Buffer | string,
): Promise<void> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const head = Buffer.alloc(headBytes);
  head.write(letters[kind], 0, "latin1");
  head.writeUInt32BE(bytes.length, 1);
  if (stream.destroyed || !stream.writable) return;
  stream.write(head);
  if (stream.write(bytes)) return;
  await writable(stream);
}

/** Resolves once there is room for more, or the other side is gone. */
export function writable(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      stream.off("drain", end);
      stream.off("close", end);
      resolve();
    };
    stream.on("drain", end);
    stream.on("close", end);
  });
}

/**
 * The frames of a stream. What a login shell prints ahead of them is left out.
 * @param mark the text that comes right before the first frame; "" where nothing does
 */
export async function* readFrames(stream: Readable, mark: string): AsyncGenerator<Frame, void> {
  let rest: Buffer = Buffer.alloc(0);
  let begun = mark === "";
  for await (const chunk of stream) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    if (!begun) {
      const at = rest.indexOf(mark);
      if (at === -1) continue;
      rest = rest.subarray(at + Buffer.byteLength(mark));
      begun = true;
    }
    for (let frame = firstFrame(rest); frame !== null; frame = firstFrame(rest)) {
      rest = rest.subarray(headBytes + frame.bytes.length);
      yield frame;
    }
  }
}

function firstFrame(bytes: Buffer): Frame | null {
  if (bytes.length < headBytes) return null;
  const kind = kinds.get(bytes.toString("latin1", 0, 1));
  const length = bytes.readUInt32BE(1);
  if (kind === undefined || length > longest) throw new Error("What came is no frame.");
  if (bytes.length < headBytes + length) return null;
  return { kind, bytes: bytes.subarray(headBytes, headBytes + length) };
}
