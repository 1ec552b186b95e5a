import { entryOf, newRecording, newSlot, newTag } from "./recording.ts";
import type { Counts, Recording, SlotRecording, TagRecording } from "./recording.ts";

export interface RecorderOptions {
  /** Requests that are due before it are the warm-up: nothing of them is recorded. */
  measureFrom: number;
  /** Milliseconds of one piece of the run. */
  slotWidth: number;
}

/** A request on its way; times are of performance.now(), in milliseconds. */
export interface Attempt {
  /** When it was due, and when it was sent. */
  intended: number;
  started: number;
  /** Null during the warm-up: whatever becomes of it is not counted. */
  counted: { tag: TagRecording; slot: SlotRecording } | null;
}

/** The two reasons that also count as a latency: leaving them out would flatter the tail. */
export const timedOut = "time-out";
export const tooSlow = "check: took too long";

/** Counts what becomes of each request. All times are of performance.now(), in milliseconds. */
export class Recorder {
  readonly recording: Recording = newRecording();
  readonly #options: RecorderOptions;
  readonly #counts: Counts = { scheduled: 0, ok: 0, failed: 0, dropped: 0, unfinished: 0 };
  #answers = 0;
  #failures = 0;
  #lastAt: number;
  #closed: { at: number; ok: number } | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#lastAt = options.measureFrom;
  }

  /** A request is sent now; `intended` is when it was due, in a closed loop now as well. */
  begin(tag: string, intended?: number): Attempt {
    const started = performance.now();
    const attempt = this.#schedule(tag, intended ?? started, started);
    if (attempt.counted !== null && intended !== undefined) {
      this.recording.sendLag.record((started - intended) * 1000);
    }
    return attempt;
  }

  /** A request was due, but is never sent. */
  drop(tag: string, intended: number): void {
    this.#count(this.#schedule(tag, intended, intended), "dropped");
  }

  /** The request was answered; `problem` is why not as it hopes for, or null. */
  answer(attempt: Attempt, status: number, bytes: number, problem: string | null): void {
    this.#answers += 1;
    if (attempt.counted === null) return;
    this.#lastAt = performance.now();
    this.recording.bytes += bytes;
    add(this.recording.statuses, String(status));
    attempt.counted.tag.checks[problem === null ? "passed" : "failed"] += 1;
    if (problem === null) this.#count(attempt, "ok");
    else this.#fail(attempt, problem);
    if (problem === null || problem === tooSlow) this.#time(attempt);
  }

  /** The request came to an end without an answer. */
  fail(attempt: Attempt, reason: string): void {
    this.#failures += 1;
    if (attempt.counted === null) return;
    this.#lastAt = performance.now();
    this.#fail(attempt, reason);
    if (reason === timedOut) this.#time(attempt);
  }

  /** The run ended before the request did. */
  abandon(attempt: Attempt): void {
    this.#count(attempt, "unfinished");
  }

  /** Ends the measured time; answers that still come count, but no longer towards the rate. */
  close(at: number = this.#lastAt): void {
    this.#closed ??= { at, ok: this.#counts.ok };
  }

  /** Milliseconds that were measured, and the requests answered as expected in that time. */
  get measured(): { duration: number; ok: number } {
    const { at, ok } = this.#closed ?? { at: this.#lastAt, ok: this.#counts.ok };
    return { duration: Math.max(0, at - this.#options.measureFrom), ok };
  }

  /** Answers of any kind, those of the warm-up included. */
  get answers(): number {
    return this.#answers;
  }

  /** Requests that came to an end without an answer, those of the warm-up included. */
  get failures(): number {
    return this.#failures;
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  #schedule(tag: string, intended: number, started: number): Attempt {
    const { measureFrom, slotWidth } = this.#options;
    if (intended < measureFrom) return { intended, started, counted: null };
    const number = Math.floor((intended - measureFrom) / slotWidth);
    const counted = {
      tag: entryOf(this.recording.tags, tag, newTag),
      slot: this.#slotOf(number),
    };
    const attempt = { intended, started, counted };
    this.#count(attempt, "scheduled");
    return attempt;
  }

  /** Hours have hundreds of slots: those that are over, but for late answers, are packed. */
  #slotOf(number: number): SlotRecording {
    const { slots } = this.recording;
    const present = slots.get(number);
    if (present !== undefined) return present;
    for (const [other, { response }] of slots) if (other < number - 1) response.pack();
    const made = newSlot();
    slots.set(number, made);
    return made;
  }

  #count({ counted }: Attempt, what: keyof Counts): void {
    if (counted === null) return;
    counted.tag.counts[what] += 1;
    counted.slot.counts[what] += 1;
    this.#counts[what] += 1;
  }

  #fail(attempt: Attempt, reason: string): void {
    this.#count(attempt, "failed");
    add(this.recording.failures, reason);
  }

  #time({ intended, started, counted }: Attempt): void {
    if (counted === null) return;
    const response = (this.#lastAt - intended) * 1000;
    counted.tag.response.record(response);
    counted.tag.service.record((this.#lastAt - started) * 1000);
    counted.slot.response.record(response);
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
