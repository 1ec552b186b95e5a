import { Pool } from "undici";
import type { Dispatcher } from "undici";
import { timedOut } from "../../measure/recorder.ts";
import type { PreparedRequest } from "../prepared-request.ts";
import { failureReason } from "./failure-reason.ts";
import type { ConnectionOptions } from "./protocol.ts";

type Headers = Record<string, string | string[] | undefined>;

/** What became of a request; the body is empty where it was not asked for. */
export type Ending =
  | { status: number; bytes: number; headers: Headers; body: string }
  /** `connected` is false when not even a connection came about. */
  | { reason: string; connected: boolean };

/**
 * Sends requests to one target, each over a connection that idles or over one of its own: none
 * waits for another. It follows no redirect and never sends twice.
 */
export class Sender {
  readonly #pool: Pool;
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    const { origin, socketPath, insecure, timeout } = options;
    this.#options = options;
    this.#pool = new Pool(origin, {
      pipelining: 1,
      connections: null,
      // The deadline of the whole request is the exchange's own.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout,
        rejectUnauthorized: !insecure,
        ...(socketPath === null ? {} : { socketPath }),
      },
    });
  }

  /** Connections that are open and idle. */
  get idle(): number {
    return this.#pool.stats.free;
  }

  /** @param end called once, whatever happens, unless the sender is closed before */
  send(
    { method, path, headers, body }: PreparedRequest,
    keepsBody: boolean,
    end: (ending: Ending) => void,
  ): void {
    const exchange = new Exchange(this.#options, keepsBody, end);
    this.#pool.dispatch({ method, path, headers, body: body ?? null }, exchange);
  }

  /** Breaks off whatever is on its way. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #longestBody: number;
  readonly #end: (ending: Ending) => void;
  readonly #deadline: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;
  readonly #chunks: Buffer[] = [];
  readonly #keepsBody: boolean;
  #headers: Headers = {};
  #status = 0;
  #bytes = 0;

  constructor(
    { timeout, longestBody }: ConnectionOptions,
    keepsBody: boolean,
    end: (ending: Ending) => void,
  ) {
    this.#keepsBody = keepsBody;
    this.#longestBody = longestBody;
    this.#end = end;
    this.#deadline = setTimeout(() => this.#giveUp(timedOut), timeout);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(new Error(timedOut));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Headers,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#keepsBody) this.#chunks.push(Buffer.from(chunk));
    if (this.#bytes > this.#longestBody) this.#giveUp("answer too long");
  }

  onResponseEnd(): void {
    const body = this.#keepsBody ? Buffer.concat(this.#chunks).toString() : "";
    this.#settle({ status: this.#status, bytes: this.#bytes, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const connected = this.#controller !== undefined;
    this.#settle({ reason: failureReason(error, this.#status >= 200), connected });
  }

  /** Before the end of the connection, whose reason would hide this one. */
  #giveUp(reason: string): void {
    this.#settle({ reason, connected: this.#controller !== undefined });
    this.#controller?.abort(new Error(reason));
  }

  #settle(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#deadline);
    this.#end(ending);
  }
}
