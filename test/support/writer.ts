import { setTimeout as sleep } from "node:timers/promises";

export interface Writer {
  /** Ids of the items whose storing was acknowledged, so far. */
  acknowledged: string[];
  failures: string[];
  /** How many items the service has of those that were sent. */
  count(): Promise<number>;
  stop(): Promise<void>;
}

/** A client that never rests: stores one vector after the other and keeps what was acknowledged. */
export async function startWriter(url: string): Promise<Writer> {
  const collection = `${url}/api/v1/vector/collections/kept`;
  await send("PUT", collection, { dimension: 2 });
  const [acknowledged, failures]: [string[], string[]] = [[], []];
  let stopped = false;
  const write = async () => {
    for (let number = 1; !stopped; number += 1) {
      try {
        const items = [{ id: `item-${number}`, vector: [1, number] }];
        const answer = await send("POST", `${collection}/items`, { items });
        if (answer.status === 201) acknowledged.push(`item-${number}`);
        else failures.push(`${answer.status} ${await answer.text()}`);
      } catch (error) {
        failures.push(String(error));
      }
      await sleep(25);
    }
  };
  const writing = write();
  return {
    acknowledged,
    failures,
    async count() {
      const answer = await fetch(`${url}/api/v1/vector/collections`);
      const { collections } = (await answer.json()) as {
        collections: { name: string; items: number }[];
      };
      return collections.find(({ name }) => name === "kept")?.items ?? 0;
    },
    async stop() {
      stopped = true;
      await writing;
    },
  };
}

function send(method: string, url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method,
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify(body),
  });
}
