import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { type ObjectName, objectKey } from "../../../src/backup/format/object.ts";
import type { Store } from "../../../src/backup/store/store.ts";
import { FetchAhead } from "../../../src/backup/unpack/fetch-ahead.ts";
import { memoryStore } from "../../support/memory-store.ts";

const objects = Array.from({ length: 9 }, (_, number): ObjectName => {
  return { kind: "chunk", sha256: String(number).repeat(64) };
});

/** A store that takes three requests at once, and the first digits of what it was asked for. */
async function watchedStore(): Promise<{ store: Store; asked: string[] }> {
  const memory = memoryStore();
  for (const object of objects) {
    await memory.put(objectKey(object, false), Buffer.from(object.sha256));
  }
  const asked: string[] = [];
  const get = (key: string): Promise<Buffer | null> => {
    asked.push(key.slice("objects/".length)[0] ?? "");
    return memory.get(key);
  };
  return { store: { ...memory, get, requestsAtOnce: 3 }, asked };
}

test("the objects of the heaviest job are asked for first, and only so many at once", async () => {
  const { store, asked } = await watchedStore();
  const ahead = new FetchAhead(store, false);
  ahead.announce(objects.slice(0, 2), 1);
  ahead.announce(objects.slice(2, 6), 5);
  await setImmediate();
  expect(asked).toEqual(["2", "3", "4"]);
  expect(String(await ahead.fetch(objects[2] as ObjectName))).toBe("2".repeat(64));
  expect(asked).toEqual(["2", "3", "4", "5"]);
  await ahead.fetch(objects[3] as ObjectName);
  await ahead.fetch(objects[4] as ObjectName);
  expect(asked).toEqual(["2", "3", "4", "5", "0", "1"]);
});

test("what was not announced, or not begun, is fetched when it is asked for, and once", async () => {
  const { store, asked } = await watchedStore();
  const ahead = new FetchAhead(store, false);
  ahead.announce(objects.slice(0, 5), 1);
  await setImmediate();
  await ahead.fetch(objects[8] as ObjectName);
  await ahead.fetch(objects[4] as ObjectName);
  for (const object of objects.slice(0, 4)) await ahead.fetch(object);
  expect(asked.toSorted()).toEqual(["0", "1", "2", "3", "4", "8"]);
});

test("a job that ended before it fetched all leaves room for the next ones", async () => {
  const { store, asked } = await watchedStore();
  const ahead = new FetchAhead(store, false);
  const forget = ahead.announce(objects.slice(0, 5), 2);
  await setImmediate();
  ahead.announce(objects.slice(5, 8), 1);
  forget();
  expect(asked).toEqual(["0", "1", "2", "5", "6", "7"]);
});

test("two jobs that need the same object get bytes of their own", async () => {
  const { store, asked } = await watchedStore();
  const ahead = new FetchAhead(store, false);
  const [one] = objects as [ObjectName];
  ahead.announce([one], 1);
  ahead.announce([one], 1);
  const [first, second] = await Promise.all([ahead.fetch(one), ahead.fetch(one)]);
  expect(first).toEqual(second);
  expect(first).not.toBe(second);
  expect(asked).toHaveLength(2);
});
