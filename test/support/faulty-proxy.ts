import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  createServer,
  request,
} from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What happens to a request instead of a proper answer: an error of the server; the connection
 * breaks before it is done, or after, so that nobody is told; the answer breaks off in the middle;
 * or a status with a text.
 */
export type Fault =
  | "500"
  | "503"
  | "lost request"
  | "lost answer"
  | "cut answer"
  | { status: number; text: string };

export interface FaultyProxy {
  endpoint: string;
  /** Requests so far. */
  count: number;
  /** Most requests that were under way at once. */
  most: number;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  endpoint: string;
  /** Milliseconds that each request takes longer. */
  delay?: number;
  fault?: (number: number, method: string, path: string) => Fault | null;
  /** A header that does not reach the server. */
  withoutHeader?: string;
  /** Called for each request before it is sent on. */
  observe?: (path: string, headers: IncomingHttpHeaders) => void;
}

/** Stands in front of a server and does to some requests what networks and servers do. */
export async function startFaultyProxy(options: ProxyOptions): Promise<FaultyProxy> {
  const { fault = () => null, delay = 0 } = options;
  let running = 0;
  const server = createServer((incoming, outgoing) => {
    proxy.count += 1;
    running += 1;
    proxy.most = Math.max(proxy.most, running);
    outgoing.once("close", () => (running -= 1));
    const found = fault(proxy.count, incoming.method ?? "", incoming.url ?? "");
    setTimeout(() => void pass(options, incoming, outgoing, found), delay);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: FaultyProxy = {
    endpoint: `http://127.0.0.1:${port}`,
    count: 0,
    most: 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

const errorText = (code: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;

async function pass(
  { endpoint, withoutHeader = "", observe }: ProxyOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | null,
): Promise<void> {
  if (fault === "lost request") return void incoming.socket.destroy();
  const body = await readAll(incoming).catch(() => null);
  if (body === null) return;
  if (fault === "500") return void outgoing.writeHead(500).end(errorText("InternalError"));
  if (fault === "503") return void outgoing.writeHead(503).end(errorText("SlowDown"));
  if (fault !== null && typeof fault === "object") {
    return void outgoing.writeHead(fault.status).end(fault.text);
  }
  const headers: IncomingHttpHeaders = { ...incoming.headers, connection: "close" };
  delete headers[withoutHeader];
  const { method, url } = incoming;
  observe?.(url ?? "", headers);
  const forward = request(`${endpoint}${url}`, { method, headers }, (answer) => {
    void passBack(answer, outgoing, fault);
  });
  forward.once("error", () => incoming.socket.destroy());
  forward.end(body);
}

async function passBack(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | null,
): Promise<void> {
  const content = await readAll(answer);
  if (fault === "lost answer") return void outgoing.socket?.destroy();
  outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
  if (fault !== "cut answer") return void outgoing.end(content);
  outgoing.flushHeaders();
  outgoing.write(content.subarray(0, content.length / 2));
  setTimeout(() => outgoing.socket?.destroy(), 5);
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
