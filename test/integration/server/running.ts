import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type RequestOptions } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { DatabaseAddress } from "../../../src/database/address.ts";
import { connectDatabase } from "../../../src/database/connect.ts";
import { type Daemon, type DaemonSpec, startDaemon } from "../../../src/server/daemon.ts";
import type { ServeSettings } from "../../../src/server/daemon-spec.ts";
import { up as createKeyTable } from "../../../migrations/20261121T003000Z-create-api-keys.ts";
import { writeLanguageModel } from "../../unit/inference/model-folder.ts";
import { createVectorTables } from "../../support/vector-migrations.ts";

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

/** A folder with a migrated SQLite database and a language model, and a daemon that uses them. */
export interface Running {
  folder: string;
  spec: DaemonSpec;
  daemon: Daemon;
  /** Log lines, parsed. */
  log: Record<string, unknown>[];
  /** Sends a request to the public address, or through the private socket. */
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface SendOptions {
  body?: unknown;
  headers?: Record<string, string>;
  privately?: boolean;
}

export async function prepareFolder(): Promise<{ folder: string; database: DatabaseAddress }> {
  const folder = await mkdtemp(join(tmpdir(), "studio-daemon-"));
  const file = join(folder, "studio.db");
  const database: DatabaseAddress = { dialect: "sqlite", file, url: `sqlite:${file}` };
  const connection = await connectDatabase(database);
  await createVectorTables(connection);
  await createKeyTable(connection);
  await connection.destroy();
  await writeLanguageModel(join(folder, "models"));
  return { folder, database };
}

/** Settings of the daemon as they are by default, small limits apart. */
export function serveWith(changes: Partial<ServeSettings>): ServeSettings {
  return {
    host: "127.0.0.1",
    port: 0,
    timeout: 30_000,
    shutdown: 60_000,
    auth: { required: "auto", attempts: 3, lockout: 3_600_000 },
    hosts: [],
    trustedProxies: [],
    cors: { origins: [] },
    rateLimit: {
      enforced: "auto",
      default: [{ requests: 100, window: 60_000 }],
      routes: {},
      burst: null,
    },
    batchSize: 3,
    limits: {
      body: 100_000,
      text: 1000,
      tokens: 300,
      query: 100,
      batch: 8,
      pixels: 1_000_000,
      headers: 16_384,
      headerCount: 100,
      connections: 1024,
    },
    vectors: { memory: 64_000_000, approximateFrom: 20_000 },
    ...changes,
  };
}

export function daemonSpec(folder: string, database: DatabaseAddress): Omit<DaemonSpec, "logger"> {
  return {
    release: "20261121T000000Z-test",
    version: "1.2.3",
    environment: "local",
    serve: serveWith({}),
    modelFolders: [join(folder, "models")],
    database,
    privateSocket: join(folder, "daemon.sock"),
    descriptors: [],
    listen: { host: "127.0.0.1", port: 0 },
    acceptAtOnce: true,
  };
}

/** @param prepare called with the folder of models before the daemon starts */
export async function startRunning(
  changes: Partial<DaemonSpec> = {},
  prepare?: (models: string) => Promise<void>,
): Promise<Running> {
  const { folder, database } = await prepareFolder();
  await prepare?.(join(folder, "models"));
  const log: Record<string, unknown>[] = [];
  const stream = {
    write: (line: string) => log.push(JSON.parse(line) as Record<string, unknown>),
  };
  const spec: DaemonSpec = {
    ...daemonSpec(folder, database),
    logger: pino({ level: "debug", messageKey: "message" }, stream),
    ...changes,
  };
  const daemon = await startDaemon(spec);
  return {
    folder,
    spec,
    daemon,
    log,
    send: (method, path, { body, headers = {}, privately = false } = {}) => {
      const address = daemon.address();
      const target = privately
        ? { socketPath: spec.privateSocket ?? "" }
        : { host: address?.host, port: address?.port };
      return sendTo({ ...target, method, path, headers, agent: false }, body);
    },
    async close() {
      await daemon.stop(0);
      // What a request was at when the daemon stopped may be written still.
      await rm(folder, { recursive: true, maxRetries: 10 });
    },
  };
}

export function sendTo(options: RequestOptions, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const json = response.headers["content-type"]?.includes("json") === true;
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: json ? (JSON.parse(text) as unknown) : text,
        });
      });
    });
    request.on("error", reject);
    if (body !== undefined) request.setHeader("content-type", "application/json");
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
