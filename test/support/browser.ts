import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A headless Chromium, driven by its own protocol (https://chromedevtools.github.io/devtools-protocol/). */
export interface Browser {
  /** Opens an address as wide as is said, in the light or the dark, and waits until it is loaded. */
  open(page: { url: string; width: number; dark: boolean }): Promise<OpenedPage>;
  close(): Promise<void>;
}

export interface OpenedPage {
  /** Every address that was asked for, the page's own first. */
  requests: string[];
  /** What the browser complained of: refused by a policy, not found, thrown by a script. */
  complaints: string[];
  /** What an expression has as its value, which must be JSON. */
  evaluate<T>(expression: string): Promise<T>;
}

/** The program, from CHROMIUM or the path; null where there is none. */
export function findBrowser(): string | null {
  const named = process.env["CHROMIUM"];
  const names = named === undefined ? ["chromium", "chromium-browser", "google-chrome"] : [named];
  return names.find((name) => spawnSync(name, ["--version"]).status === 0) ?? null;
}

export async function startBrowser(program: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "browser-"));
  const child = spawn(
    program,
    [
      "--headless=new",
      // The page is our own; a container has no name spaces to give.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const close = async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  const session = await Session.connect(await debuggingAddress(child));
  return { open: (page) => openPage(session, page), close };
}

async function debuggingAddress(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error("The browser has no standard error.");
  for await (const line of createInterface({ input: child.stderr })) {
    const address = /listening on (ws:\S+)/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error("The browser ended before it listened.");
}

interface Message {
  id?: number;
  method?: string;
  sessionId?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

class Session {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners = new Set<(message: Message) => void>();
  #last = 0;

  static async connect(address: string): Promise<Session> {
    const socket = new WebSocket(address);
    await once(socket, "open");
    return new Session(socket);
  }

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", (event) => {
      const message = JSON.parse(String(event.data)) as Message;
      if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
      for (const listen of this.#listeners) listen(message);
    });
  }

  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener);
  }

  async send(method: string, params: object = {}, sessionId?: string) {
    this.#last += 1;
    const id = this.#last;
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }
}

async function openPage(
  session: Session,
  { url, width, dark }: { url: string; width: number; dark: boolean },
): Promise<OpenedPage> {
  const { targetId } = await session.send("Target.createTarget", { url: "about:blank" });
  const attached = await session.send("Target.attachToTarget", { targetId, flatten: true });
  const own = String(attached["sessionId"]);
  const requests: string[] = [];
  const complaints: string[] = [];
  const loaded = new Promise<void>((resolve) => {
    session.listen(({ method, sessionId, params }) => {
      if (sessionId !== own) return;
      const request = params?.["request"] as { url: string } | undefined;
      if (method === "Network.requestWillBeSent" && request !== undefined)
        requests.push(request.url);
      const entry = params?.["entry"] as { level: string; text: string } | undefined;
      if (method === "Log.entryAdded" && entry?.level === "error") complaints.push(entry.text);
      if (method === "Runtime.exceptionThrown") complaints.push(JSON.stringify(params));
      if (method === "Page.loadEventFired") resolve();
    });
  });
  await session.send("Network.enable", {}, own);
  for (const part of ["Page", "Log", "Runtime"]) await session.send(`${part}.enable`, {}, own);
  const size = { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 };
  await session.send("Emulation.setDeviceMetricsOverride", size, own);
  const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
  await session.send("Emulation.setEmulatedMedia", { features }, own);
  await session.send("Page.navigate", { url }, own);
  await loaded;
  return {
    requests,
    complaints,
    async evaluate<T>(expression: string) {
      const asked = { expression, returnByValue: true, awaitPromise: true };
      const { result } = await session.send("Runtime.evaluate", asked, own);
      return (result as { value: T }).value;
    },
  };
}
