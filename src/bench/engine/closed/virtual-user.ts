import type { Socket } from "node:net";
import { takeOver, UnaskedAnswer } from "./autocannon-client.ts";
import type { AutocannonClient } from "./autocannon-client.ts";
import { backOff } from "./back-off.ts";
import { timedOut } from "../../measure/recorder.ts";
import type { Attempt, Recorder } from "../../measure/recorder.ts";
import { connectionProblem } from "../../target.ts";

export interface UserOptions {
  recorder: Recorder;
  connect: () => Socket;
  /** Why a status is not what this user's n-th request, counted from 0, hopes for; or null. */
  problem: (request: number, status: number) => string | null;
  /** The kind of this user's n-th request. */
  tag: (request: number) => string;
  /** All in milliseconds. */
  startDelay: number;
  thinkTime: number;
  timeout: number;
  requestLimit: number;
}

/**
 * One user: sends a request, waits for what becomes of it, sends the next. autocannon's client
 * builds the requests and reads the answers. Its handling of connections and time-outs is replaced:
 * it reconnects without a pause and without telling when a server hangs up, writes into a
 * connection that the server said it closes, goes on parsing where a broken answer stopped, and
 * trusts any certificate.
 */
export class VirtualUser {
  readonly #client: AutocannonClient;
  readonly #options: UserOptions;
  readonly #write: () => void;
  #attempt: Attempt | undefined;
  #answer: { status: number; bytes: number } | undefined;
  #keepAlive = true;
  #connection: Socket | undefined;
  #pause: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #stopping = false;
  #sent = 0;
  #failuresInARow = 0;

  /** @param client fresh from autocannon's `setupClient`, before it connects. */
  constructor(client: AutocannonClient, options: UserOptions) {
    this.#client = client;
    this.#options = options;
    this.#write = takeOver(client, {
      connect: () => this.#continue(options.startDelay),
      disconnect: () => this.#disconnect(),
    });
    client.on("headers", (head: { shouldKeepAlive: boolean }) => {
      this.#keepAlive = head.shouldKeepAlive;
    });
    client.on("response", (status: number, bytes: number) => this.#answered(status, bytes));
  }

  /** No further request; the user ends with the one on its way. */
  stop(): void {
    this.#stopping = true;
    if (this.#attempt === undefined) this.#finish();
  }

  /** Ends at once; a request on its way stays unfinished. */
  cancel(): void {
    if (this.#attempt !== undefined) this.#options.recorder.abandon(this.#attempt);
    this.#settle();
    this.stop();
  }

  #continue(pause: number): void {
    if (this.#stopping || this.#sent >= this.#options.requestLimit) return this.#finish();
    if (pause <= 0) return this.#send();
    this.#pause = setTimeout(() => this.#send(), pause);
  }

  #send(): void {
    if (this.#connection === undefined) this.#connect();
    this.#attempt = this.#options.recorder.begin(this.#options.tag(this.#sent));
    this.#sent += 1;
    this.#deadline = setTimeout(() => this.#fail(timedOut), this.#options.timeout);
    this.#write();
  }

  #connect(): void {
    const connection = this.#options.connect();
    this.#connection = connection;
    this.#client.conn = connection;
    this.#client.parser.reinitialize("RESPONSE");
    this.#client.pipelinedRequests.clear();
    connection.setNoDelay(true);
    connection.on("data", (chunk: Buffer) => {
      this.#client.pipelinedRequests.addByteCount(chunk.length);
      this.#receive(() => this.#client.parser.execute(chunk));
    });
    connection.on("error", (error) => this.#fail(connectionProblem(error)));
    connection.on("end", () => this.#ended());
    connection.on("close", () => this.#ended());
  }

  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.removeAllListeners();
    connection?.on("error", () => undefined);
    connection?.destroy();
  }

  /** An answer is complete; interim ones (103 Early Hints) announce the real one. */
  #answered(status: number, bytes: number): void {
    if (status >= 200 || status === 101) {
      this.#answer = { status, bytes };
      return;
    }
    const { pipelinedRequests, requestIterator } = this.#client;
    pipelinedRequests.insertRequest(requestIterator.currentRequest);
    this.#keepAlive = true;
  }

  /** Reads what came in; settles the request when its answer is complete and sound. */
  #receive(read: () => number | Error | undefined): void {
    try {
      if (read() instanceof Error) return this.#fail("invalid answer");
    } catch (error) {
      if (error instanceof UnaskedAnswer) return this.#fail("more than one answer");
      throw error;
    }
    if (this.#answer === undefined || this.#attempt === undefined) return;
    const { recorder, problem, thinkTime } = this.#options;
    const { status, bytes } = this.#answer;
    recorder.answer(this.#attempt, status, bytes, problem(this.#sent - 1, status));
    this.#settle();
    this.#failuresInARow = 0;
    if (!this.#keepAlive) this.#disconnect();
    this.#continue(thinkTime);
  }

  #ended(): void {
    const partial = (this.#client.pipelinedRequests.peek()?.bytes ?? 0) > 0;
    const connection = this.#connection;
    this.#keepAlive = false;
    this.#receive(() => {
      this.#client.parser.finish();
      return undefined;
    });
    // Still the same connection: no answer was completed by its end.
    if (connection !== undefined && connection === this.#connection) {
      this.#fail(partial ? "answer cut short" : "connection closed without an answer");
    }
  }

  /** The connection is of no more use; the request on its way, if any, has failed. */
  #fail(reason: string): void {
    const attempt = this.#attempt;
    this.#disconnect();
    this.#settle();
    if (attempt === undefined) return;
    this.#options.recorder.fail(attempt, reason);
    const pause = backOff(this.#failuresInARow);
    this.#failuresInARow += 1;
    this.#continue(Math.max(pause, this.#options.thinkTime));
  }

  #settle(): void {
    clearTimeout(this.#deadline);
    this.#attempt = undefined;
    this.#answer = undefined;
  }

  #finish(): void {
    clearTimeout(this.#pause);
    clearTimeout(this.#deadline);
    this.#client.destroy();
  }
}
