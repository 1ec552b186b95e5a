import type { Redis, RedisOptions } from "ioredis";
import { systemCode } from "../../errors.ts";
import { type Decision, type Quota, decide } from "./gcra.ts";
import { failScript, scriptArguments, takeScript } from "./redis-script.ts";

/** How Redis is reached. */
export interface RedisAddress {
  /** With the password; null where sentinels are asked and there is none. */
  url: string | null;
  sentinel: { hosts: readonly string[]; master: string } | null;
}

export interface RedisCountsOptions {
  address: RedisAddress;
  /** What keys begin with. */
  prefix: string;
  /** Told when Redis stops being of use, with the reason, and when it is again. */
  changed(isUp: boolean, reason: string | null): void;
}

/** Longer than this, in milliseconds, no request waits for Redis. */
const patience = 100;
/** Longer than this it does not take where it is of use. */
const trialPatience = 1000;
/** Milliseconds between two attempts to reach it again. */
const retryInterval = 500;

/** What is counted to see whether Redis counts: always allowed, because nothing else is written. */
const trial: Quota = { requests: 1000, window: 1000, burst: 1000 };

interface Scripts {
  studioTake(key: string, ...values: string[]): Promise<string[]>;
  studioFail(key: string, attempts: number, duration: number): Promise<number>;
}

/** Counts requests and wrong keys in Redis; rejects at once while it is not of use. */
export class RedisCounts {
  readonly #redis: Redis & Scripts;
  readonly #options: RedisCountsOptions;
  #isUp = false;
  #isTrying = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(redis: Redis, options: RedisCountsOptions) {
    this.#redis = redis as Redis & Scripts;
    this.#options = options;
  }

  /** Connects in the background. */
  static async open(options: RedisCountsOptions): Promise<RedisCounts> {
    const { Redis: Client } = await import("ioredis");
    const settings = clientOptions(options.address);
    const { url } = options.address;
    const redis = url === null ? new Client(settings) : new Client(url, settings);
    const counts = new RedisCounts(redis, options);
    // Each failure is seen where it matters; without a listener the client would print it.
    redis.on("error", (error: unknown) => counts.#down(error));
    redis.on("close", () => counts.#down(new Error("the connection was closed")));
    redis.on("ready", () => void counts.#tryOut());
    redis.connect().catch((error: unknown) => counts.#down(error));
    return counts;
  }

  /** Also while a trial is on its way: whether it is not is known after it. */
  get isUp(): boolean {
    return this.#isUp;
  }

  async take(caller: string, quotas: readonly Quota[]): Promise<Decision> {
    const key = `${this.#options.prefix}${caller}`;
    const reply = await this.#ask((redis) => redis.studioTake(key, ...scriptArguments(quotas)));
    const [now = 0, ...arrivals] = reply.map(Number);
    return decide(quotas, arrivals, now).decision;
  }

  /**
   * Counts a wrong key of an address.
   * @returns milliseconds for which it is locked out, by whichever daemon; 0 when it is not
   */
  async fail(address: string, attempts: number, duration: number): Promise<number> {
    const key = `${this.#options.prefix}lockout:${address}`;
    return await this.#ask((redis) => redis.studioFail(key, attempts, duration));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#redis.removeAllListeners("close").disconnect();
  }

  async #ask<T>(question: (redis: Scripts) => Promise<T>): Promise<T> {
    if (!this.#isUp || this.#isTrying) throw new Error("Redis is not of use");
    try {
      return await within(patience, question(this.#redis));
    } catch (error) {
      // Who was late may have been this process; a trial tells.
      if (error === late) void this.#tryOut();
      else this.#down(error);
      throw error;
    }
  }

  #up(): void {
    const wasDown = this.#timer !== undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#isUp = true;
    if (wasDown) this.#options.changed(true, null);
  }

  #down(error: unknown): void {
    this.#isUp = false;
    if (this.#timer !== undefined) return;
    this.#options.changed(false, reasonWithoutSecrets(error));
    this.#timer = setInterval(() => void this.#tryOut(), retryInterval);
    this.#timer.unref();
  }

  /**
   * Does what every request will: a server can answer a ping and still not count, a replica or one
   * that is full, say. A connection that is of no use is given up: the client makes another.
   */
  async #tryOut(): Promise<void> {
    if (this.#redis.status !== "ready" || this.#isTrying) return;
    this.#isTrying = true;
    try {
      await this.#redis.studioTake(`${this.#options.prefix}-`, ...scriptArguments([trial]));
      this.#up();
    } catch (error) {
      this.#down(error);
      this.#redis.disconnect(true);
    } finally {
      this.#isTrying = false;
    }
  }
}

const late = new Error("Redis is late");

async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const lateness = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), milliseconds);
  });
  try {
    return await Promise.race([answer, lateness]);
  } finally {
    clearTimeout(timer);
  }
}

function clientOptions({ sentinel }: RedisAddress): RedisOptions {
  const sentinels = sentinel?.hosts.map((host) => {
    const [name = "", port = "26379"] = host.split(/:(?=\d+$)/);
    return { host: name, port: Number(port) };
  });
  return {
    ...(sentinels === undefined ? {} : { sentinels, name: sentinel?.master ?? "mymaster" }),
    lazyConnect: true,
    connectionName: "studio",
    connectTimeout: 2000,
    commandTimeout: trialPatience,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 100, 2000),
    sentinelRetryStrategy: (times) => Math.min(times * 100, 2000),
    scripts: {
      studioTake: { lua: takeScript, numberOfKeys: 1 },
      studioFail: { lua: failScript, numberOfKeys: 1 },
    },
  };
}

/** The messages of drivers may name users and hosts. */
function reasonWithoutSecrets(error: unknown): string {
  const code = systemCode(error);
  if (code !== undefined) return code;
  const message = error instanceof Error ? error.message : "";
  if (message === "Command timed out") return "it did not answer in time";
  return /^[A-Z]{3,}(?= )/.exec(message)?.[0] ?? "the connection was lost";
}
