import { Agent, request as httpRequest } from "node:http";

export interface LoadCounts {
  /** Requests that were answered, by clients that keep their connection and by fresh ones. */
  kept: number;
  fresh: number;
  failures: string[];
  /** Ids of the releases that answered. */
  releases: Set<string>;
}

/** Clients that send one request after the other; only a reused socket's reset is tried again. */
export function startLoad(url: string, clients = 8): { stop(): Promise<LoadCounts> } {
  const counts: LoadCounts = { kept: 0, fresh: 0, failures: [], releases: new Set() };
  let stopped = false;
  const client = async (kind: "kept" | "fresh") => {
    const agent = kind === "kept" ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined;
    while (!stopped) {
      try {
        counts.releases.add(await send(url, agent));
        counts[kind] += 1;
      } catch (error) {
        counts.failures.push(`${kind}: ${String(error)}`);
      }
    }
    agent?.destroy();
  };
  const running = Array.from({ length: clients }, (_, index) =>
    client(index % 2 === 0 ? "kept" : "fresh"),
  );
  return {
    async stop() {
      stopped = true;
      await Promise.all(running);
      return counts;
    },
  };
}

function send(url: string, agent: Agent | undefined, again = true): Promise<string> {
  const body = JSON.stringify({ text: "Where does this sentence come from?", task: "language" });
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      `${url}/api/v1/text/process`,
      {
        method: "POST",
        agent: agent ?? false,
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          ...(agent === undefined ? { connection: "close" } : {}),
        },
      },
      (response) => {
        response.resume();
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200) resolve(String(response.headers["x-studio-release"]));
          else reject(new Error(`status ${response.statusCode}`));
        });
      },
    );
    call.on("error", (error: NodeJS.ErrnoException) => {
      const reset = call.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code ?? "");
      if (reset && again) resolve(send(url, agent, false));
      else reject(error);
    });
    call.end(body);
  });
}
