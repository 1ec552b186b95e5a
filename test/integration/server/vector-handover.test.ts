import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rounds, timeLimit } from "../../support/every.ts";
import { randomFrom } from "../../support/random.ts";
import { type Answer, sendTo, serveWith } from "./running.ts";
import { type TwoDaemons, startTwoDaemons } from "./two-daemons.ts";

const dimension = 16;
const itemsAtFirst = 1500;
const items = "/api/v1/vector/collections/kept/items";
const releases = ["blue", "green"] as const;
const switches = rounds(6, 100);

let two: TwoDaemons;

beforeAll(async () => {
  const vectors = { memory: 64_000_000, approximateFrom: 1000 };
  two = await startTwoDaemons(switches, {
    serve: serveWith({ vectors, limits: { ...serveWith({}).limits, batch: 500 } }),
  });
  await two.ask("blue", "PUT", "/api/v1/vector/collections/kept", { dimension });
}, 180_000);

afterAll(() => two.close());

const random = randomFrom(5);
const randomVector = (): number[] =>
  Array.from({ length: dimension }, () => random.below(2001) - 1000);

interface Found {
  method: string;
  results: { id: string; score: number }[];
}

async function search(release: string, vector: number[], exact = false): Promise<Found> {
  const body = { collection: "kept", vector, top_k: 3, exact };
  const answer = await two.ask(release, "POST", "/api/v1/vector/search", body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body as Found;
}

describe("two daemons of one environment", () => {
  it("search with an index each, though only one of them was written to", async () => {
    for (let from = 0; from < itemsAtFirst; from += 500) {
      const batch = Array.from({ length: 500 }, (_, place) => ({
        id: `old-${from + place}`,
        vector: randomVector(),
      }));
      const { status } = await two.ask("blue", "POST", items, { items: batch });
      expect(status).toBe(201);
    }
    for (const release of releases) {
      let method = "";
      for (let turn = 0; turn < 400 && method !== "approximate"; turn++) {
        ({ method } = await search(release, randomVector()));
        await sleep(25);
      }
      expect(method, release).toBe("approximate");
    }
  });

  it(
    "each find what was acknowledged with their next search, while they take turns in serving",
    async () => {
      await two.control("blue", "POST", "accept");
      const agent = new Agent({ keepAlive: true, maxSockets: 6 });
      const told = {
        written: 0,
        deleted: 0,
        methods: new Set<string>(),
        by: new Map<string, number>(),
      };
      let going = true;
      const write = async (method: string, path: string, body?: unknown): Promise<Answer> => {
        const target = { host: "127.0.0.1", port: two.port, method, path, agent };
        const answer = await sendTo(target, body);
        const by = String(answer.headers["x-studio-release"]);
        told.by.set(by, (told.by.get(by) ?? 0) + 1);
        return answer;
      };
      const writer = async (name: string): Promise<void> => {
        for (let number = 0; going; number++) {
          const id = `${name}-${number % 40}`;
          const vector = randomVector();
          const { status, body } = await write("POST", items, { items: [{ id, vector }] });
          expect(status, JSON.stringify(body)).toBe(201);
          // In both at once: neither may lean on the other having looked before.
          const found = await Promise.all(releases.map((release) => search(release, vector)));
          for (const { method, results } of found) {
            told.methods.add(method);
            expect(results[0]).toMatchObject({ id });
            expect(results[0]?.score).toBeCloseTo(1, 5);
          }
          told.written += 1;
          if (number % 3 !== 2) continue;
          expect((await write("DELETE", `${items}/${id}`)).status).toBe(204);
          for (const { results } of await Promise.all(releases.map((one) => search(one, vector)))) {
            expect(results.map((one) => one.id)).not.toContain(id);
          }
          told.deleted += 1;
        }
      };
      const end = () => {
        going = false;
      };
      const writers = ["a", "b", "c"].map((name) => writer(name).finally(end));
      const turns = (async () => {
        for (let turn = 1; turn <= switches && going; turn++) {
          const before = told.written;
          while (going && told.written < before + 10) await sleep(5);
          if (turn === switches) break;
          const [next, previous] = turn % 2 === 1 ? ["green", "blue"] : ["blue", "green"];
          expect((await two.control(next, "POST", "accept")).status).toBe(200);
          expect((await two.control(previous, "POST", "pause")).status).toBe(200);
        }
      })().finally(end);
      await Promise.all([turns, ...writers]);
      agent.destroy();
      expect(told.written).toBeGreaterThanOrEqual(10 * switches);
      expect(told.deleted).toBeGreaterThanOrEqual(2 * switches);
      expect([...told.methods]).toEqual(["approximate"]);
      expect([...told.by.keys()].toSorted()).toEqual(["blue", "green"]);
    },
    timeLimit(120_000),
  );

  it("are of one mind about all of it in the end", async () => {
    for (let round = 0; round < 20; round++) {
      const vector = randomVector();
      const [blue, green] = await Promise.all(releases.map((one) => search(one, vector, true)));
      expect(blue?.method).toBe("exact");
      expect(green).toEqual(blue);
    }
  });
});
