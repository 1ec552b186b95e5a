/**
 * Sends one request over and over on keep-alive connections and writes what it saw as JSON:
 * node load.ts '{"port":8000,"path":"/","body":"file","type":"…","connections":16,"seconds":3}'
 * With `rate`, requests begin at a steady rate whatever the answers, and latency counts from when
 * each was meant to begin, so that a server which falls behind cannot hide it. Bare sockets that
 * read into one buffer: a client that costs more than the server measures itself.
 */
import { readFileSync } from "node:fs";
import { type Socket, connect } from "node:net";

interface Order {
  port: number;
  method?: string;
  path: string;
  /** A file with the body; absent: none. */
  body?: string;
  headers?: Record<string, string>;
  connections: number;
  seconds: number;
  /** Requests a second; absent: the next one begins when the last one was answered. */
  rate?: number;
}

export interface LoadReport {
  /** All that were answered; the rest is of those after the start. */
  requests: number;
  failures: number;
  /** Requests a second. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

const order = JSON.parse(process.argv[2] ?? "{}") as Order;

function requestBytes(): Buffer {
  const body = order.body === undefined ? Buffer.alloc(0) : readFileSync(order.body);
  const headers = Object.entries({
    host: `127.0.0.1:${order.port}`,
    "content-length": String(body.length),
    ...order.headers,
  });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `${order.method ?? "POST"} ${order.path} HTTP/1.1\r\n${lines}\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** One connection that has at most one request under way. */
class Caller {
  answered: (ok: boolean) => void = () => {};
  readonly #socket: Socket;
  /** What came of the answer before its head was whole; mostly nothing. */
  #head = "";
  /** Bytes of the answer that are still to come; null until its head was read. */
  #missing: number | null = null;
  #ok = false;

  constructor(port: number) {
    const buffer = Buffer.allocUnsafe(64 * 1024);
    const callback = (count: number, bytes: Uint8Array): boolean => {
      this.#read(bytes as Buffer, count);
      return true;
    };
    this.#socket = connect({ port, host: "127.0.0.1", onread: { buffer, callback } });
    this.#socket.setNoDelay(true);
    this.#socket.on("error", () => this.answered(false));
    this.#socket.on("close", () => this.answered(false));
  }

  send(request: Buffer): void {
    this.#socket.write(request);
  }

  end(): void {
    this.answered = () => {};
    this.#socket.destroy();
  }

  #read(bytes: Buffer, count: number): void {
    let rest = count;
    if (this.#missing === null) {
      const before = this.#head.length;
      this.#head += bytes.toString("latin1", 0, count);
      const end = this.#head.indexOf("\r\n\r\n");
      if (end === -1) return;
      const [, length = "0"] = /content-length: *(\d+)/i.exec(this.#head) ?? [];
      this.#ok = this.#head.startsWith("HTTP/1.1 200");
      this.#missing = Number(length);
      rest = before + count - (end + 4);
      this.#head = "";
    }
    this.#missing -= rest;
    if (this.#missing > 0) return;
    this.#missing = null;
    this.answered(this.#ok);
  }
}

/** Milliseconds in which this process connects and compiles, which is nobody's latency. */
const start = 500;

const request = requestBytes();
/** With room for all of them: an array that grows is collected in the middle of the measurement. */
const latencies = new Float64Array(order.seconds * 200_000);
let noted = 0;
let answered = 0;
let failures = 0;
const callers = Array.from({ length: order.connections }, () => new Caller(order.port));
const started = performance.now();
const measured = started + start;
const end = measured + order.seconds * 1000;

function note(ok: boolean, since: number): void {
  if (!ok) {
    failures += 1;
    return;
  }
  answered += 1;
  if (since >= measured) latencies[noted++] = performance.now() - since;
}

/** The connection calls again and again; `done` when the time is over. */
function closed(caller: Caller, done: () => void): void {
  let since = 0;
  const call = (): void => {
    since = performance.now();
    if (since >= end) done();
    else caller.send(request);
  };
  caller.answered = (ok) => {
    note(ok, since);
    call();
  };
  call();
}

let next = 0;

/**
 * Requests begin when they should, or when a connection is free after that. Where the connection
 * was free and only the timer of this process was late, latency counts from the sending.
 */
function open(caller: Caller, rate: number, done: () => void): void {
  const total = Math.floor((rate * (end - started)) / 1000);
  let since = 0;
  const call = (): void => {
    if (next >= total) {
      done();
      return;
    }
    const meant = started + (next++ / rate) * 1000;
    const early = meant - performance.now();
    const send = (from: number): void => {
      since = from;
      caller.send(request);
    };
    if (early > 0) setTimeout(() => send(performance.now()), early);
    else send(meant);
  };
  caller.answered = (ok) => {
    note(ok, since);
    call();
  };
  call();
}

const { rate } = order;
await Promise.all(
  callers.map((caller) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (rate === undefined) closed(caller, resolve);
    else open(caller, rate, resolve);
    return promise;
  }),
);
const elapsed = (performance.now() - measured) / 1000;
for (const caller of callers) caller.end();
const sorted = latencies.subarray(0, noted).sort();
const at = (share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
const report: LoadReport = {
  requests: answered,
  failures,
  rate: sorted.length / elapsed,
  p50: at(0.5),
  p99: at(0.99),
};
process.stdout.write(JSON.stringify(report));
