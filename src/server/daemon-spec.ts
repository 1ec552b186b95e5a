import type { Logger } from "pino";
import type { DatabaseAddress } from "../database/address.ts";
import type { CrashRecordPlace } from "../inference/crashes/crash-record.ts";
import type { DaySummary } from "./day-figures.ts";
import type { RateLimitSettings } from "./rate-limit/rate-limiter.ts";
import type { RedisAddress } from "./rate-limit/redis-counts.ts";

export type { DaySummary } from "./day-figures.ts";
export type { RedisAddress } from "./rate-limit/redis-counts.ts";

/** What the daemon reads of `serve` in studio.yaml: sizes in bytes, durations in milliseconds. */
export interface ServeSettings {
  host: string;
  port: number;
  /** Instances of each model that does not say how many; `auto` and by default: the cores but one. */
  workers?: "auto" | number | undefined;
  /** The longest time one request may take. */
  timeout: number;
  /** How long a stop waits for requests in flight when nothing else is said. */
  shutdown: number;
  /** `auto`: a key is needed off loopback, and wherever keys are configured. */
  auth: {
    required: "auto" | boolean;
    /** Wrong keys from one address that lock it out, and for how long. */
    attempts: number;
    lockout: number;
  };
  /** Names that the API is reached by, besides those of the loopback. */
  hosts: readonly string[];
  /** Addresses and networks of proxies whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[];
  cors: { origins: readonly string[] };
  rateLimit: RateLimitSettings;
  /** Items of a client's batch that are worked on at once. */
  batchSize: number;
  /** Bytes of a body, characters of a text, items of a request. */
  limits: {
    body: number;
    text: number;
    /** Tokens of a text that a model reads, also of one that takes more. */
    tokens: number;
    /** Characters of a search's text. */
    query: number;
    batch: number;
    /** Of an image. */
    pixels: number;
    /** Bytes, and number, of the headers of a request. */
    headers: number;
    headerCount: number;
    connections: number;
  };
  /** Answers of models that ask for it are remembered within these limits. Default: none are. */
  cache?: { bytes: number; ttl: number } | undefined;
  /** Look for new and changed models while serving. Default: false. */
  watch?: boolean | undefined;
  vectors: { memory: number; approximateFrom: number | "never" };
}

export interface DaemonSpec {
  /** Release id, or "unreleased" when run by hand. */
  release: string;
  version: string;
  environment: string;
  serve: ServeSettings;
  /** Keys of the configuration, in the clear; kept only as hashes. Others are in the database. */
  keys?: readonly string[];
  /** What reads /metrics, and nothing else, where keys are asked for. */
  metricsToken?: string | null;
  /** What a deploy asks with, as on the private socket, where it cannot reach that one. */
  probeToken?: string | null;
  /** Absolute paths, searched before the bundled models. */
  modelFolders: readonly string[];
  database: DatabaseAddress;
  /** Absolute path of the folder that must take files; absent: that of the database or the socket. */
  storage?: string | undefined;
  /** Where daemons count requests together; absent: each counts for itself. */
  redis?: RedisAddress | null;
  /** Path of a Unix socket (mode 0600) with the whole API, no keys asked, and the control routes. */
  privateSocket: string | null;
  /** Inherited descriptors of one listening TCP socket; each `accept()` uses one up. */
  descriptors: readonly number[];
  /** The address to listen on instead: a daemon in the foreground. */
  listen: { host: string; port: number } | null;
  /** Serve the public address as soon as the models are warmed up. */
  acceptAtOnce: boolean;
  /** A file that is there while the public is told to come back later; null: in memory alone. */
  maintenanceFile?: string | null;
  /** Where it is kept which models ended the process; absent: nobody looks. */
  crashes?: CrashRecordPlace;
  /** Tells people how the components stand, where that changed; absent: nobody is told. */
  tellHealth?: ((standings: readonly HealthStanding[]) => Promise<boolean>) | undefined;
  /** How many incidents are open, by level; absent where nobody keeps count. */
  openIncidents?: (() => Record<string, number>) | undefined;
  logger: Logger;
  now?: () => Date;
}

/** How a component of the daemon stands, for people. */
export interface HealthStanding {
  component: string;
  status: "healthy" | "degraded" | "unhealthy";
  /** Why it does not work; null where it does, or nobody knows. */
  reason: string | null;
  /** How the API as a whole stands. */
  overall: "healthy" | "degraded" | "unhealthy";
  /** When it was looked at, UTC, ISO 8601. */
  at: string;
}

export interface DaemonState {
  release: string;
  version: string;
  environment: string;
  pid: number;
  /** UTC, ISO 8601. */
  startedAt: string;
  /** True while connections to the public address are taken. */
  accepting: boolean;
  /** True while the public is told to come back later. */
  maintenance: boolean;
  /** What it tells them; null where that is nothing particular. */
  maintenanceMessage: string | null;
  /** True while the models are warmed up and the database answers. */
  ready: boolean;
  /** Requests begun and not yet answered, without those to the control routes. */
  inFlight: number;
  /** Open connections to the public address. */
  connections: number;
  /** How often `accept()` can still be called. */
  takesLeft: number;
  /** Requests to the public address, without health checks; errors are answers of 500 and above. */
  requests: { total: number; errors: number };
  /** The same of the last 24 hours, or since the daemon began; absent in an older studio. */
  day?: DaySummary;
  models: { name: string; version: string; sha256: string; ready: boolean }[];
}

export interface Daemon {
  state(): DaemonState;
  /** Takes connections to the public address. @throws StudioError `daemon.descriptors` */
  accept(): Promise<void>;
  /**
   * Answers the public that it should come back later, or lets it in again.
   * @param message what it is told, as text; null: that it should try again in a moment
   */
  maintain(on: boolean, message?: string | null): void;
  /** Takes no further connections; those that are open are served to their end. */
  pause(): Promise<void>;
  /** Pauses, waits for what is in flight at most this long, closes everything. */
  stop(drainMilliseconds: number): Promise<void>;
  /** Resolves when everything is closed. */
  closed: Promise<void>;
  /**
   * Stops because the run of a model does not end. Nothing but SIGKILL ends the process of such a
   * thread: an ordinary exit would wait for it.
   */
  giveUp(): void;
  /** True once the daemon gave up: whoever started it kills its process when it is closed. */
  readonly gaveUp: boolean;
  /** The public address while it is served. */
  address(): { host: string; port: number } | null;
}
