/**
 * Sends one request over and over on keep-alive connections and writes what it saw as JSON:
 * node load.ts '{"port":8000,"path":"/","body":"file","type":"…","connections":16,"seconds":3}'
 * With `rate`, requests begin at a steady rate whatever the answers, and latency counts from when
 * each was meant to begin. Bare sockets: a client that costs more than the server measures itself.
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
  readonly #socket: Socket;
  #pending: Buffer[] = [];
  #bytes = 0;
  /** Bytes of the answer as a whole; null until its head was read. */
  #expected: number | null = null;
  #answered: (ok: boolean) => void = () => {};
  #ok = false;

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("error", () => this.#answered(false));
    this.#socket.on("close", () => this.#answered(false));
  }

  call(request: Buffer): Promise<boolean> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(request);
    });
  }

  end(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#pending.push(chunk);
    this.#bytes += chunk.length;
    if (this.#expected === null) {
      const head = Buffer.concat(this.#pending).toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      const [, length = "0"] = /content-length: *(\d+)/i.exec(head) ?? [];
      this.#expected = end + 4 + Number(length);
      this.#ok = head.startsWith("HTTP/1.1 200");
    }
    if (this.#bytes < this.#expected) return;
    this.#pending = [];
    this.#bytes = 0;
    this.#expected = null;
    this.#answered(this.#ok);
  }
}

const request = requestBytes();
const latencies: number[] = [];
let failures = 0;
const callers = Array.from({ length: order.connections }, () => new Caller(order.port));
const started = performance.now();
const end = started + order.seconds * 1000;

async function callFrom(caller: Caller, since: number): Promise<void> {
  const ok = await caller.call(request);
  if (ok) latencies.push(performance.now() - since);
  else failures += 1;
}

/** Each connection calls again and again. */
async function closed(): Promise<void> {
  await Promise.all(
    callers.map(async (caller) => {
      while (performance.now() < end) await callFrom(caller, performance.now());
    }),
  );
}

/** Requests begin when they should, or when a connection is free after that. */
async function open(rate: number): Promise<void> {
  const total = Math.floor(rate * order.seconds);
  let next = 0;
  await Promise.all(
    callers.map(async (caller) => {
      while (next < total) {
        const meant = started + (next++ / rate) * 1000;
        const early = meant - performance.now();
        if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
        await callFrom(caller, meant);
      }
    }),
  );
}

await (order.rate === undefined ? closed() : open(order.rate));
const elapsed = (performance.now() - started) / 1000;
for (const caller of callers) caller.end();
latencies.sort((one, other) => one - other);
const at = (share: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
const report: LoadReport = {
  requests: latencies.length,
  failures,
  rate: latencies.length / elapsed,
  p50: at(0.5),
  p99: at(0.99),
};
process.stdout.write(JSON.stringify(report));
