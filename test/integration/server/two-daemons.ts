import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { DaemonSpec, DaemonState } from "../../../src/server/daemon.ts";
import { type Answer, daemonSpec, prepareFolder, sendTo } from "./running.ts";

const program = fileURLToPath(new URL("./daemon-process.ts", import.meta.url));

/** Two releases of one environment, `blue` and `green`, each a process with the same socket. */
export interface TwoDaemons {
  port: number;
  children: Readonly<Record<string, ChildProcess>>;
  /** Asks one of them through its private socket. */
  ask(release: string, method: string, path: string, body?: unknown): Promise<Answer>;
  control(release: string, method: string, action: string, body?: unknown): Promise<Answer>;
  /** Null where nobody answers. */
  stateOf(release: string): Promise<DaemonState | null>;
  close(): Promise<void>;
}

/** @param copies of the listening socket that each of them has */
export async function startTwoDaemons(
  copies: number,
  changes: Partial<Omit<DaemonSpec, "logger">> = {},
): Promise<TwoDaemons> {
  const { folder, database } = await prepareFolder();
  const children: Record<string, ChildProcess> = {};
  const socketOf = (release: string) => join(folder, `${release}.sock`);
  const ask = (release: string, method: string, path: string, body?: unknown) =>
    sendTo({ socketPath: socketOf(release), method, path, agent: false }, body);
  const control = (release: string, method: string, action: string, body?: unknown) =>
    ask(release, method, `/control/${action}`, body);
  const stateOf = async (release: string) => {
    try {
      return (await control(release, "GET", "state")).body as DaemonState;
    } catch {
      return null;
    }
  };
  const port = await new Promise<number>((resolve) => {
    const holder = createServer();
    holder.listen(0, "127.0.0.1", () => {
      for (const release of ["blue", "green"]) {
        const spec = {
          ...daemonSpec(folder, database),
          release,
          privateSocket: socketOf(release),
          descriptors: Array.from({ length: copies }, (_, index) => 3 + index),
          listen: null,
          acceptAtOnce: false,
          ...changes,
        };
        const { _handle: handle } = holder as unknown as { _handle: { fd: number } };
        const sockets = Array.from({ length: copies }, () => handle.fd);
        const stdio: StdioOptions = ["ignore", "inherit", "inherit", ...sockets];
        children[release] = spawn(process.execPath, [program, JSON.stringify(spec)], { stdio });
      }
      resolve((holder.address() as AddressInfo).port);
      // At once: this process must never take a connection itself.
      holder.close();
    });
  });
  const two: TwoDaemons = {
    port,
    children,
    ask,
    control,
    stateOf,
    async close() {
      for (const child of Object.values(children)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await rm(folder, { recursive: true });
    },
  };
  for (let turn = 0; turn < 2400; turn++) {
    const states = await Promise.all(["blue", "green"].map(stateOf));
    if (states.every((state) => state?.ready === true)) return two;
    await sleep(25);
  }
  await two.close();
  throw new Error("the two daemons did not become ready");
}
