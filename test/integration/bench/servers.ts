import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { parseScenario } from "../../../src/bench/scenario/scenario.ts";
import type { Scenario } from "../../../src/bench/scenario/schema.ts";

export interface RunningServer {
  url: string;
  close(): Promise<void>;
}

/** An HTTP server on a free port, or on a Unix socket. */
export function serve(listener: RequestListener, socketPath?: string): Promise<RunningServer> {
  return listen(createHttpServer(listener), socketPath);
}

/** A TCP server: what it says is whatever `onRequest` writes when something comes in. */
export function serveRaw(
  onRequest: (socket: Socket, count: number) => void,
): Promise<RunningServer> {
  let count = 0;
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => {
      count += 1;
      onRequest(socket, count);
    });
  });
  return listen(server);
}

async function listen(server: Server, socketPath?: string): Promise<RunningServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(socketPath ?? { host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const address = server.address() as AddressInfo | string;
  const port = typeof address === "string" ? 0 : address.port;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

/** A scenario of some users that GET `/`; `changes` are of the parsed form (milliseconds). */
export function scenarioOf(
  users: number,
  duration: number,
  changes: Partial<Scenario> = {},
): Scenario {
  const text = `name: sample\nusers: ${users}\nduration: ${duration}ms\nrequests: [{ path: / }]`;
  return { ...parseScenario(text, "sample.yaml"), ...changes };
}

/** An address on this machine at which nothing listens. */
export async function refusedUrl(): Promise<string> {
  const server = await serve(() => undefined);
  await server.close();
  return server.url;
}
