import { connect } from "node:net";
import type { Running } from "./running.ts";

export interface UploadAnswer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  /** Null when the answer is no JSON. */
  body: Record<string, unknown> | null;
}

export interface FormFile {
  bytes: Uint8Array;
  name?: string;
  type?: string;
}

const path = "/api/v1/image/process";

/** Sends an image in a form, as a browser does. */
export async function sendForm(
  running: Running,
  { bytes, name = "image.png", type = "" }: FormFile,
  words: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<UploadAnswer> {
  const form = new FormData();
  for (const [key, value] of Object.entries(words)) form.append(key, value);
  form.append("file", new Blob([Uint8Array.from(bytes)], { type }), name);
  return await send(running, path, { method: "POST", body: form, headers });
}

/** Sends an image as the body itself. */
export async function sendImage(
  running: Running,
  bytes: Uint8Array,
  words: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<UploadAnswer> {
  const query = new URLSearchParams(words).toString();
  const body = Uint8Array.from(bytes);
  const type = { "content-type": "application/octet-stream" };
  return await send(running, `${path}?${query}`, {
    method: "POST",
    body,
    headers: { ...type, ...headers },
  });
}

async function send(running: Running, url: string, init: RequestInit): Promise<UploadAnswer> {
  const { host, port } = running.daemon.address() ?? { host: "", port: 0 };
  const response = await fetch(`http://${host}:${port}${url}`, init);
  const bytes = Buffer.from(await response.arrayBuffer());
  const json = response.headers.get("content-type")?.includes("json") === true;
  const body = json ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : null;
  return { status: response.status, headers: response.headers, bytes, body };
}

/**
 * Sends a body in chunks until the connection is closed. Not by fetch, which after a reset may go
 * on asking its stream for more without end.
 */
export async function pour(
  running: Running,
  type: string,
): Promise<{ sent: number; answer: string }> {
  const { host = "", port = 0 } = running.daemon.address() ?? {};
  const socket = connect(port, host);
  const answer: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => answer.push(chunk));
  socket.on("error", () => undefined);
  let sent = 0;
  const piece = Buffer.concat([
    Buffer.from("10000\r\n"),
    Buffer.alloc(65_536),
    Buffer.from("\r\n"),
  ]);
  const more = (): void => {
    if (socket.destroyed) return;
    sent += 65_536;
    socket.write(piece, () => setImmediate(more));
  };
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(
    `POST ${path}?task=properties HTTP/1.1\r\nHost: localhost\r\n` +
      `Content-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    more,
  );
  await closed;
  return { sent, answer: Buffer.concat(answer).toString("latin1") };
}
