import { connect } from "node:net";
import { expect } from "vitest";
import type { Running } from "./running.ts";

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * Writes bytes on a connection of their own, and everything that comes back until the daemon
 * closes it, or nothing has come for `patience` milliseconds.
 */
export async function converse(
  running: Running,
  parts: readonly (string | Uint8Array)[],
  { patience = 5000, half = true, pause = 0 } = {},
): Promise<{ text: string; closed: boolean; milliseconds: number }> {
  const { host, port } = running.daemon.address() as { host: string; port: number };
  const start = performance.now();
  const chunks: Buffer[] = [];
  const socket = connect({ host, port, allowHalfOpen: true });
  // A caller that is cut off while it still sends is told so by an error; what it got counts.
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => chunks.push(chunk));
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<boolean>((resolve) => {
    socket.once("end", () => resolve(true));
    socket.once("close", () => resolve(true));
    timer = setTimeout(() => resolve(false), patience).unref();
  });
  for (const part of parts) {
    socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part);
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  if (half) socket.end();
  const closed = await ended;
  clearTimeout(timer);
  socket.destroy();
  const text = Buffer.concat(chunks).toString("latin1");
  return { text, closed, milliseconds: performance.now() - start };
}

/** The answers in what a connection gave, one after the other. */
export function answersIn(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    const [first = "", ...lines] = rest.slice(0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (end === -1 || Number.isNaN(status)) throw new Error(`no answer: ${rest.slice(0, 200)}`);
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = Number(headers["content-length"] ?? rest.length);
    rest = rest.slice(end + 4);
    answers.push({ status, headers, body: rest.slice(0, length) });
    rest = status === 100 ? rest : rest.slice(length);
  }
  return answers.filter(({ status }) => status !== 100);
}

export function httpRequest(method: string, path: string, body = "", more: string[] = []): string {
  const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body, "latin1")}`];
  const type = body === "" ? [] : ["Content-Type: application/json"];
  const lines = [`${method} ${path} HTTP/1.1`, "Host: localhost", ...type, ...length, ...more];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** No answer tells how the daemon is made. */
export function expectDiscreet(text: string): void {
  expect(text).not.toMatch(/\n\s+at |\.[jt]s:\d+|node_modules|Error: |\/src\//);
}
