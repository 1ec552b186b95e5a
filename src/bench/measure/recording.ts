import { Histogram } from "./histogram.ts";

/**
 * What became of the requests of a run. Each that was due is in exactly one of the others:
 * scheduled = ok + failed + dropped + unfinished.
 */
export interface Counts {
  scheduled: number;
  ok: number;
  failed: number;
  /** Never sent, because as many as allowed were on their way already. */
  dropped: number;
  /** On their way when the run was broken off. */
  unfinished: number;
}

const noCounts: Counts = { scheduled: 0, ok: 0, failed: 0, dropped: 0, unfinished: 0 };

/** The counts of one kind of request, and its times: both histograms have the same requests. */
export interface TagRecording {
  counts: Counts;
  /** Answers that were as their request expects, and those that were not. */
  checks: { passed: number; failed: number };
  /** From the intended start: what a caller would have waited. */
  response: Histogram;
  /** From the actual start: what the target took. */
  service: Histogram;
}

/** A piece of the run, by the intended starts that lie in it. */
export interface SlotRecording {
  counts: Counts;
  response: Histogram;
}

/** All that one generator counted; several of them merge without loss. */
export interface Recording {
  tags: Map<string, TagRecording>;
  /** By number; the width is known to the run. */
  slots: Map<number, SlotRecording>;
  /** How late the requests were sent. */
  sendLag: Histogram;
  statuses: Map<string, number>;
  failures: Map<string, number>;
  bytes: number;
}

export function newRecording(): Recording {
  return {
    tags: new Map(),
    slots: new Map(),
    sendLag: new Histogram(),
    statuses: new Map(),
    failures: new Map(),
    bytes: 0,
  };
}

/** The entry of a key, made when there is none. */
export function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make();
  map.set(key, made);
  return made;
}

export function newTag(): TagRecording {
  return {
    counts: { ...noCounts },
    checks: { passed: 0, failed: 0 },
    response: new Histogram(),
    service: new Histogram(),
  };
}

export function newSlot(): SlotRecording {
  return { counts: { ...noCounts }, response: new Histogram() };
}

export function mergeRecordings(recordings: readonly Recording[]): Recording {
  const whole = newRecording();
  for (const one of recordings) {
    for (const [name, tag] of one.tags) {
      addTag(entryOf(whole.tags, name, newTag), tag);
    }
    for (const [number, slot] of one.slots) {
      const own = entryOf(whole.slots, number, newSlot);
      addCounts(own.counts, slot.counts);
      own.response.merge(slot.response);
    }
    whole.sendLag.merge(one.sendLag);
    addAll(whole.statuses, one.statuses);
    addAll(whole.failures, one.failures);
    whole.bytes += one.bytes;
  }
  for (const { response } of whole.slots.values()) response.pack();
  return whole;
}

/** The tags together. */
export function wholeOf(recording: Pick<Recording, "tags">): TagRecording {
  const whole = newTag();
  for (const tag of recording.tags.values()) addTag(whole, tag);
  return whole;
}

function addTag(to: TagRecording, from: TagRecording): void {
  addCounts(to.counts, from.counts);
  to.checks.passed += from.checks.passed;
  to.checks.failed += from.checks.failed;
  to.response.merge(from.response);
  to.service.merge(from.service);
}

export function sumOfCounts(all: readonly Counts[]): Counts {
  const sum = { ...noCounts };
  for (const one of all) addCounts(sum, one);
  return sum;
}

function addCounts(to: Counts, from: Counts): void {
  to.scheduled += from.scheduled;
  to.ok += from.ok;
  to.failed += from.failed;
  to.dropped += from.dropped;
  to.unfinished += from.unfinished;
}

function addAll(to: Map<string, number>, from: ReadonlyMap<string, number>): void {
  for (const [key, count] of from) to.set(key, (to.get(key) ?? 0) + count);
}
