import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { reasonOf } from "../../../errors.ts";
import { queriesAtOnce } from "../kernel/kernel.ts";
import { ScanTeam } from "../scan/scan-team.ts";
import type {
  CollectionState,
  EngineQuery,
  EngineRequest,
  EngineSettings,
  FoundColumns,
  FromEngine,
  ToEngine,
} from "./engine-protocol.ts";
import { MemoryCollection } from "./memory-collection.ts";

interface WaitingSearch {
  id: number;
  handle: number;
  query: EngineQuery;
}

/** Searches that the index is asked for in one call, at most: the first of them waits for the last. */
const mostAtOnce = 32;

const port = parentPort as MessagePort;
const settings = workerData as EngineSettings;
const team = new ScanTeam(settings);
const collections = new Map<number, MemoryCollection>();
let waiting = new Map<number, WaitingSearch>();
let answered: FromEngine[] = [];

port.on("message", (asked: ToEngine[]) => {
  for (const { id, request } of asked) {
    if (request.kind === "search") {
      // What has arrived meanwhile is searched for together.
      if (waiting.size === 0) setImmediate(searchWaiting);
      waiting.set(id, { id, ...request });
    } else if (request.kind === "cancel") cancel(id);
    else if (request.kind === "close") void close();
    else reply(id, () => handle(request));
  }
  sendAnswers();
});

type Immediate = Exclude<EngineRequest, { kind: "search" | "cancel" | "close" }>;

function handle(request: Immediate): unknown {
  if (request.kind === "open") {
    const { handle: key, metric, dimension } = request;
    const { approximateFrom, threads } = settings;
    const mayTake = (bytes: number): boolean => usedBytes() + bytes <= settings.bytes;
    const options = { team, threads, metric, dimension, approximateFrom, mayTake };
    collections.set(key, new MemoryCollection(options));
    return null;
  }
  if (request.kind === "drop") {
    collections.get(request.handle)?.close();
    return collections.delete(request.handle);
  }
  const collection = find(request.handle);
  if (request.kind === "state") {
    const { table, bytes, index } = collection;
    const { indexed, reach } = index;
    return { items: table.items, bytes, indexed, reach } satisfies CollectionState;
  }
  const { changes } = request;
  // Never refused: what was deleted would be found, and it takes no memory.
  collection.remove(changes.removed);
  if (changes.ids.length === 0) return { complete: true };
  const complete = usedBytes() <= settings.bytes && collection.add(changes);
  return { complete };
}

/** A search whose turn has come is not broken off: it takes milliseconds. */
function cancel(id: number): void {
  if (waiting.delete(id)) answered.push({ id, failure: "nobody waited any more" });
}

function searchWaiting(): void {
  const searches = waiting.values();
  waiting = new Map();
  for (const [key, group] of Map.groupBy(searches, ({ handle: one }) => one)) {
    const collection = collections.get(key);
    const exact = group.filter(({ query }) => !collection?.isApproximate(query));
    if (collection !== undefined) {
      const approximate = group.filter(({ query }) => collection.isApproximate(query));
      for (let start = 0; start < approximate.length; start += mostAtOnce) {
        exact.push(...searchIndex(collection, approximate.slice(start, start + mostAtOnce)));
        sendAnswers();
      }
    }
    for (let start = 0; start < exact.length; start += queriesAtOnce) {
      compareWithAll(key, exact.slice(start, start + queriesAtOnce));
      sendAnswers();
    }
  }
}

/** @returns those for which the index finds too little; all of them when it fails */
function searchIndex(
  collection: MemoryCollection,
  searches: readonly WaitingSearch[],
): readonly WaitingSearch[] {
  let answers: (FoundColumns | null)[];
  try {
    answers = collection.searchApproximately(searches.map(({ query }) => query));
  } catch {
    return searches;
  }
  return searches.filter(({ id }, place) => {
    const answer = answers[place] ?? null;
    if (answer !== null) reply(id, () => answer);
    return answer === null;
  });
}

function compareWithAll(key: number, searches: readonly WaitingSearch[]): void {
  let answers: FoundColumns[] | null = null;
  for (const [place, { id }] of searches.entries()) {
    reply(id, () => {
      answers ??= find(key).searchExactly(searches.map(({ query }) => query));
      return answers[place];
    });
  }
}

function find(key: number): MemoryCollection {
  const collection = collections.get(key);
  if (collection === undefined) throw new Error("the collection is not in memory any more");
  return collection;
}

function usedBytes(): number {
  return collections.values().reduce((sum, { bytes }) => sum + bytes, 0);
}

function reply(id: number, act: () => unknown): void {
  try {
    answered.push({ id, answer: act() });
  } catch (error) {
    answered.push({ id, failure: reasonOf(error) });
  }
}

function sendAnswers(): void {
  if (answered.length === 0) return;
  port.postMessage(answered);
  answered = [];
}

async function close(): Promise<void> {
  for (const collection of collections.values()) collection.close();
  await team.close();
  port.close();
}
