import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { until } from "./processes.ts";
import { binary, freePort } from "./studio.ts";

export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** A folder in which `studio serve` runs as a process, again and again if need be. */
export interface ServedFolder {
  directory: string;
  url: string;
  child: ChildProcess;
  /** What all its processes printed. */
  output(): string;
  /** Starts it once more, on the same port; resolves when it listens, or has ended. */
  start(): Promise<void>;
  /** Ends it and waits for that. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves when the process that runs now has ended: to its signal, or null. */
  ended(): Promise<NodeJS.Signals | null>;
  ask: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Reply>;
  /** Ends what runs and removes the folder. */
  remove(): Promise<void>;
}

export interface ServeOptions {
  /** An empty folder. Default: a temporary one. */
  directory?: string;
  settings?: string;
  env?: Record<string, string>;
  /** What is typed behind `studio serve --port …`. */
  words?: readonly string[];
  /** Prepares the folder before the first start. */
  prepare?: (directory: string) => void | Promise<void>;
}

/** Milliseconds that a start may take on a machine that is busy with other things. */
export const startUpPatience = 90_000;

/** Starts `studio serve` on a free port of its own. */
export async function startServe(options: ServeOptions = {}): Promise<ServedFolder> {
  const {
    directory = mkdtempSync(join(tmpdir(), "studio-serve-")),
    settings,
    env,
    words = [],
  } = options;
  const port = await freePort();
  const [, host = "127.0.0.1"] = /--host (\S+)/.exec(words.join(" ")) ?? [];
  const url = `http://${host}:${port}`;
  let output = "";
  if (settings !== undefined) writeFileSync(join(directory, "studio.yaml"), settings);
  await options.prepare?.(directory);
  const launch = (): ChildProcess => {
    const child = spawn(process.execPath, [binary, "serve", "--port", String(port), ...words], {
      cwd: directory,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
        HOME: directory,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => (output += String(chunk)));
    }
    return child;
  };
  const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
    exitCode !== null || signalCode !== null;
  const served: ServedFolder = {
    directory,
    url,
    child: launch(),
    output: () => output,
    async start() {
      served.child = launch();
      await listening();
    },
    async end(signal = "SIGTERM") {
      if (hasEnded(served.child)) return;
      served.child.kill(signal);
      await once(served.child, "exit");
    },
    async ended() {
      if (!hasEnded(served.child)) await once(served.child, "exit");
      return served.child.signalCode;
    },
    ask: (method, path, body, headers) => askJson(`${url}${path}`, method, body, headers),
    async remove() {
      await served.end("SIGKILL");
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  const listening = () => {
    const what = "it listens, or ends";
    return until(
      what,
      async () => {
        if (hasEnded(served.child)) return true;
        return await fetch(`${url}/health/live`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      startUpPatience,
    );
  };
  await listening().catch(async (error: unknown) => {
    await served.remove();
    throw error;
  });
  return served;
}

/** One request over a connection of its own: the process at the other end may be another by now. */
export async function askJson(
  url: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: {
      ...headers,
      connection: "close",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parse(text) };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}
