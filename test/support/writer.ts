import { setTimeout as sleep } from "node:timers/promises";

export interface Writer {
  /** Ids of the items whose storing was acknowledged, so far. */
  acknowledged: string[];
  failures: string[];
  stop(): Promise<void>;
}

/** A client that never rests: stores one vector after the other and keeps what was acknowledged. */
export async function startWriter(url: string): Promise<Writer> {
  await makeCollection(url);
  const [acknowledged, failures]: [string[], string[]] = [[], []];
  let stopped = false;
  const write = async () => {
    for (let number = 1; !stopped; number += 1) {
      const id = `item-${number}`;
      try {
        const answer = await putItem(url, id);
        if (answer.status === 201) acknowledged.push(id);
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
    async stop() {
      stopped = true;
      await writing;
    },
  };
}

/** Stores one vector; its id may be there already. */
export async function storeItem(url: string, id: string): Promise<void> {
  await makeCollection(url);
  const answer = await putItem(url, id);
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
}

/** How many vectors the service holds of those that were sent. */
export async function storedItems(url: string): Promise<number> {
  const answer = await fetch(`${url}/api/v1/vector/collections`, {
    headers: { connection: "close" },
  });
  const { collections } = (await answer.json()) as {
    collections: { name: string; items: number }[];
  };
  return collections.find(({ name }) => name === "kept")?.items ?? 0;
}

const makeCollection = (url: string) =>
  send("PUT", `${url}/api/v1/vector/collections/kept`, { dimension: 2 });

const putItem = (url: string, id: string) =>
  send("POST", `${url}/api/v1/vector/collections/kept/items`, { items: [{ id, vector: [1, 2] }] });

function send(method: string, url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method,
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify(body),
  });
}
