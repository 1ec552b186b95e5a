import type { ServerResponse } from "node:http";

const afterwards = Symbol("afterwards");

type Watched = ServerResponse & { [afterwards]?: (() => void)[] };

/**
 * Does something once an answer is sent to the end, or its caller gone: in the order in which it
 * was asked for, and with one listener for all who ask.
 */
export function whenOver(response: ServerResponse, work: () => void): void {
  const watched = response as Watched;
  if (watched[afterwards] !== undefined) {
    watched[afterwards].push(work);
    return;
  }
  const all = [work];
  watched[afterwards] = all;
  response.on("close", () => {
    for (const one of all) one();
  });
}
