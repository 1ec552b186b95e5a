import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { EventLoopDelay } from "../measure/event-loop-delay.ts";
import type { Law } from "./latency-law.ts";

export interface FaultServer {
  url: string;
  close(): Promise<ServerAccount>;
}

/** How late the server's own timers were, which may have been starved too, and what came to it. */
export interface ServerAccount extends EventLoopDelay {
  /** When the first 100,000 requests came, in milliseconds since a moment of its own. */
  arrivals: number[];
}

/** A server on loopback, in a thread of its own, that answers by a law. */
export async function startFaultServer(law: Law): Promise<FaultServer> {
  // The worker is TypeScript in a clone and JavaScript in the package.
  const code = new URL(`./fault-server-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(code, { workerData: law, name: "studio-bench-target" });
  const [port] = (await once(worker, "message")) as [number];
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      worker.postMessage("close");
      const [account] = (await once(worker, "message")) as [ServerAccount];
      await worker.terminate();
      return account;
    },
  };
}
