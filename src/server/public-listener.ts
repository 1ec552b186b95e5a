import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import { StudioError, exitCodes, reasonOf, systemCode } from "../errors.ts";
import { Connections } from "./connections.ts";
import { answerMalformed, type MalformedRequest } from "./malformed-request.ts";

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface PublicListenerOptions {
  handler: RequestHandler;
  malformed: MalformedRequest;
  descriptors: readonly number[];
  listen: { host: string; port: number } | null;
  /** Milliseconds in which a whole request must have arrived. */
  requestTimeout: number;
  /** Bytes and number of a request's headers, and connections that are open at once. */
  limits: { headers: number; headerCount: number; connections: number };
}

/** Milliseconds in which the head of a request must have arrived. */
const headersTimeout = 10_000;

/** How long an idle connection is kept open, in milliseconds; callers are told so. */
const keepAlive = 5000;

/** How much longer than any answer may take nothing may happen, in milliseconds. */
const silencePatience = 10_000;

/** How often connections are looked at for requests that take too long, in milliseconds. */
const watchInterval = 1000;

/**
 * The public side of the daemon: takes connections, stops taking them without cutting one, and
 * takes them again. Each time has its own HTTP server, because the one before may still serve
 * connections it took.
 */
export class PublicListener {
  private readonly options: PublicListenerOptions;
  private readonly descriptors: number[];
  private readonly open = new Connections();
  private readonly servers = new Set<Server>();
  private current: Server | null = null;
  private listening: Promise<void> | null = null;

  constructor(options: PublicListenerOptions) {
    this.options = options;
    this.descriptors = [...options.descriptors];
  }

  get accepting(): boolean {
    return this.current !== null;
  }

  get connections(): number {
    return this.open.size;
  }

  get takesLeft(): number {
    return this.options.listen === null ? this.descriptors.length : 1;
  }

  address(): { host: string; port: number } | null {
    const address = this.current?.address();
    if (typeof address !== "object" || address === null) return null;
    return { host: address.address, port: address.port };
  }

  /** @throws StudioError `daemon.descriptors`, `daemon.listen` */
  async accept(): Promise<void> {
    this.listening ??= this.listen().finally(() => {
      this.listening = null;
    });
    await this.listening;
  }

  pause(): void {
    const server = this.current;
    if (server === null) return;
    this.current = null;
    // Not http.Server.close(): that also closes idle connections, and a request which is on its
    // way on one of them would be lost.
    NetServer.prototype.close.call(server, () => {
      this.servers.delete(server);
      // Ends the timer that watches the connections of the server.
      server.close(() => undefined);
    });
    server.emit("paused");
  }

  /**
   * Closes connections on which nothing has happened for so many milliseconds. For a daemon that
   * ends: whoever sends in that very moment is cut.
   */
  closeIdle(milliseconds: number): void {
    this.open.closeIdle(milliseconds);
  }

  /** Ends all connections, cutting what is in flight. */
  cut(): void {
    for (const server of this.servers) server.closeAllConnections();
  }

  private async listen(): Promise<void> {
    if (this.current !== null) return;
    const target = this.options.listen ?? this.takeDescriptor();
    const server = this.createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(target, () => {
          server.off("error", reject);
          resolve();
        });
      });
    } catch (error) {
      throw cannotListen(target, error);
    }
    this.current = server;
    this.servers.add(server);
  }

  private takeDescriptor(): { fd: number } {
    const fd = this.descriptors.shift();
    if (fd !== undefined) return { fd };
    throw new StudioError({
      code: "daemon.descriptors",
      message: "The daemon has no copy of the listening socket left to serve on.",
      hint: "Start the release again.",
      exitCode: exitCodes.unavailable,
    });
  }

  private createServer(): Server {
    const { limits, requestTimeout, malformed } = this.options;
    const server = createServer(
      {
        keepAliveTimeout: keepAlive,
        requestTimeout,
        headersTimeout: Math.min(headersTimeout, requestTimeout),
        connectionsCheckingInterval: Math.min(watchInterval, requestTimeout),
        maxHeaderSize: limits.headers,
        // Answered by the application, as everything else is.
        requireHostHeader: false,
      },
      (request, response) => {
        this.open.begin(request, response);
        if (this.current !== server) closeAfter(response);
        this.options.handler(request, response);
      },
    );
    // All are seen, so that none is passed over in silence; the application limits their number.
    server.maxHeadersCount = 0;
    server.maxConnections = limits.connections;
    // A caller that reads no answer. Whoever sends too slowly has been answered before.
    server.timeout = requestTimeout + silencePatience;
    server.on("connection", (socket) => this.open.add(socket));
    answerMalformed(server, malformed);
    // An expectation that nobody knows is passed over, as RFC 9110 allows.
    server.on("checkExpectation", (request, response) => server.emit("request", request, response));
    server.on("paused", () => {
      for (const response of this.open.unanswered()) closeAfter(response);
    });
    return server;
  }
}

/** Tells the caller to come back on another connection: another daemon will take that one. */
function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}

function cannotListen(
  target: { fd: number } | { host: string; port: number },
  error: unknown,
): StudioError {
  if ("fd" in target) {
    return new StudioError({
      code: "daemon.listen",
      message: `The descriptor ${target.fd} is no listening socket: ${reasonOf(error)}.`,
      exitCode: exitCodes.bug,
      cause: error,
    });
  }
  const taken = systemCode(error) === "EADDRINUSE";
  return new StudioError({
    code: "daemon.listen",
    message: taken
      ? `Port ${target.port} of ${target.host} is taken by another process.`
      : `The daemon cannot listen on ${target.host}, port ${target.port}: ${reasonOf(error)}.`,
    hint: taken ? "Stop that process, or set serve.port to another port." : undefined,
    exitCode: exitCodes.unavailable,
    cause: error,
  });
}
