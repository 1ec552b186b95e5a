import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface LoadFigures {
  answered: number;
  failures: string[];
  /**
   * GETs sent once more: their connection, kept from a request before, was closed before they were
   * answered. So does every client, and HTTP lets it (RFC 9110, section 9.2.2); a POST never is.
   */
  repeated: number;
  /** How many requests each release answered. */
  releases: Map<string, number>;
}

interface Client {
  url: string;
  /** Undefined: a fresh connection for each request. */
  agent: Agent | undefined;
  figures: LoadFigures;
}

/**
 * Clients that ask one thing after the other, half of them on a connection they keep: four in ten
 * requests are POST, two in ten take half a second.
 */
export function startLoad(url: string, clients = 12): { stop(): Promise<LoadFigures> } {
  const figures: LoadFigures = { answered: 0, failures: [], repeated: 0, releases: new Map() };
  let stopped = false;
  const run = async (index: number) => {
    const agent = index % 2 === 0 ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined;
    const client = { url, agent, figures };
    for (let count = index; !stopped; count += 1) {
      const method = count % 5 < 2 ? "POST" : "GET";
      await ask(client, method, count % 5 === 1 ? "/slow" : "/").catch((error: unknown) => {
        figures.failures.push(
          `${agent === undefined ? "fresh" : "kept"} ${method}: ${String(error)}`,
        );
      });
      await sleep(15);
    }
    agent?.destroy();
  };
  const running = Array.from({ length: clients }, (_, index) => run(index));
  return {
    async stop() {
      stopped = true;
      await Promise.all(running);
      return figures;
    },
  };
}

function ask(client: Client, method: string, path: string, again = true): Promise<void> {
  const { url, agent, figures } = client;
  return new Promise((resolve, reject) => {
    const call = request(`${url}${path}`, { method, agent: agent ?? false }, (response) => {
      response.resume();
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode !== 200) {
          reject(new Error(`status ${response.statusCode}`));
          return;
        }
        const release = String(response.headers["x-studio-release"]);
        figures.releases.set(release, (figures.releases.get(release) ?? 0) + 1);
        figures.answered += 1;
        resolve();
      });
    });
    call.on("error", (error: NodeJS.ErrnoException) => {
      const reset = call.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code ?? "");
      if (!reset || !again || method !== "GET") {
        reject(error);
        return;
      }
      figures.repeated += 1;
      resolve(ask(client, method, path, false));
    });
    call.end(method === "POST" ? "{}" : undefined);
  });
}
