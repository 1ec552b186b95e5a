import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/**
 * Has V8 make every object among the young. It watches which places of the code make objects that
 * outlive a collection, and makes those of such a place among the old at once; with dozens of
 * requests under way there soon are some, and each old object that is forgotten keeps all of its
 * request until the whole heap is collected. Collections of the young then took twenty times as
 * long, a third of the time of the daemon (heap/pretenuring-handler.cc reads the flag at each).
 * To be called before requests come.
 */
export function keepRequestsYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}

/**
 * Bytes: beyond them more room saves hardly any time, for hardly anything in it is still needed. And
 * bodies are kept until the young are collected: with twice the room, those of 32 KB made V8
 * collect the whole heap ten times a second, which took half of the time.
 */
const roomForRequests = 16 * 2 ** 20;

/** Milliseconds; the room doubles once in many collections. */
const lookInterval = 100;

/**
 * Ends the growth of V8's room for young objects in time. It doubles whenever as much as it holds
 * has outlived collections, whether in a second or in an hour, up to 128 MB, and never shrinks: a
 * daemon would be a third larger after a million requests than after the first thousands
 * (heap/new-spaces.cc reads the flag whenever it would grow).
 */
export function boundRoomForRequests(): void {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    if (young === undefined || young.space_size < roomForRequests) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    clearInterval(timer);
  }, lookInterval);
  timer.unref();
}
