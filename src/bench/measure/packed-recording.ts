import { Histogram } from "./histogram.ts";
import type { Counts, Recording, TagRecording } from "./recording.ts";

/** A recording as plain data, which can go from one thread to another. */
export interface PackedRecording {
  tags: {
    name: string;
    counts: Counts;
    checks: TagRecording["checks"];
    response: string;
    service: string;
  }[];
  slots: { number: number; counts: Counts; response: string }[];
  sendLag: string;
  statuses: [string, number][];
  failures: [string, number][];
  bytes: number;
}

export function packRecording(recording: Recording): PackedRecording {
  const { tags, slots, sendLag, statuses, failures, bytes } = recording;
  return {
    tags: [...tags].map(([name, { counts, checks, response, service }]) => {
      return { name, counts, checks, response: response.toText(), service: service.toText() };
    }),
    slots: [...slots].map(([number, { counts, response }]) => {
      return { number, counts, response: response.toText() };
    }),
    sendLag: sendLag.toText(),
    statuses: [...statuses],
    failures: [...failures],
    bytes,
  };
}

/** @throws Error when a histogram in it is damaged. */
export function unpackRecording(packed: PackedRecording): Recording {
  const { tags, slots, sendLag, statuses, failures, bytes } = packed;
  const read = (text: string) => Histogram.fromText(text);
  return {
    tags: new Map(
      tags.map(({ name, counts, checks, response, service }) => [
        name,
        { counts, checks, response: read(response), service: read(service) },
      ]),
    ),
    slots: new Map(
      slots.map(({ number, counts, response: text }) => {
        const response = read(text);
        response.pack();
        return [number, { counts, response }];
      }),
    ),
    sendLag: read(sendLag),
    statuses: new Map(statuses),
    failures: new Map(failures),
    bytes,
  };
}
