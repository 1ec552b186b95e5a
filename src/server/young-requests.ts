import { setFlagsFromString } from "node:v8";

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
