import { intendedStarts } from "../../arrivals/intended-starts.ts";
import type { IntendedStart } from "../../arrivals/intended-starts.ts";
import { rateProfile } from "../../arrivals/rate-profile.ts";
import { Recorder } from "../../measure/recorder.ts";
import type { Attempt } from "../../measure/recorder.ts";
import { wholeOf } from "../../measure/recording.ts";
import { statusProblem } from "../prepared-request.ts";
import type { PreparedRequest } from "../prepared-request.ts";
import { BackOff } from "./back-off.ts";
import type { GeneratorProgress, GeneratorTask } from "./protocol.ts";
import { Sender } from "./sender.ts";
import type { Ending } from "./sender.ts";

/** Requests that are sent in one turn of the event loop, before answers are read again. */
const mostAtOnce = 100;

/** The failure of requests that came while the target accepted no connection. */
const backingOff = "not sent: no connection could be opened just before";

/**
 * Sends its share of an open run: each request when it is due, whatever became of those before.
 * What is late is sent at once, and its response time counts from when it was due.
 */
export class Generator {
  readonly recorder: Recorder;
  readonly #task: GeneratorTask;
  readonly #sender: Sender;
  readonly #starts: Iterator<IntendedStart, void>;
  readonly #beginsAt: number;
  readonly #backOff = new BackOff();
  readonly #inFlight = new Set<Attempt>();
  readonly #finished = Promise.withResolvers<void>();
  #next: IntendedStart | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param beginsAt of performance.now() of this thread: when the warm-up begins */
  constructor(task: GeneratorTask, beginsAt: number) {
    this.#task = task;
    this.#beginsAt = beginsAt;
    this.#sender = new Sender(task.connection);
    const measureFrom = beginsAt + task.warmUp;
    this.recorder = new Recorder({ measureFrom, slotWidth: task.slotMs });
    this.#starts = intendedStarts(rateProfile(task.stages), task.spacing, task);
  }

  /** Until every request of the share has come to an end, or until `stop`. */
  async run(): Promise<void> {
    this.#advance();
    this.#tick();
    await this.#finished.promise;
    await this.#sender.close();
  }

  /** Ends at once; requests on their way stay unfinished. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#next = undefined;
    for (const attempt of this.#inFlight) this.recorder.abandon(attempt);
    this.#inFlight.clear();
    this.#finished.resolve();
  }

  progress(): GeneratorProgress {
    const { counts, answers, failures, recording } = this.recorder;
    return { counts, answers, failures, response: wholeOf(recording).response.toText() };
  }

  #advance(): void {
    const { done, value } = this.#starts.next();
    this.#next = done === true ? undefined : value;
  }

  #tick(): void {
    for (let sent = 0; this.#next !== undefined; sent += 1) {
      const wait = this.#beginsAt + this.#next.at - performance.now();
      if (wait > 0 || sent === mostAtOnce) {
        this.#timer = setTimeout(() => this.#tick(), Math.max(0, Math.floor(wait)));
        return;
      }
      this.#begin(this.#next);
      this.#advance();
    }
    this.#finishWhenDone();
  }

  #begin({ index, at }: IntendedStart): void {
    const { sequence, maxInFlight } = this.#task;
    const request = sequence[index % sequence.length];
    if (request === undefined) throw new Error("A scenario without a request was let through.");
    const intended = this.#beginsAt + at;
    if (this.#inFlight.size >= maxInFlight) return this.recorder.drop(request.tag, intended);
    const attempt = this.recorder.begin(request.tag, intended);
    if (this.#backOff.isOn(attempt.started) && this.#sender.idle === 0) {
      return this.recorder.fail(attempt, backingOff);
    }
    this.#inFlight.add(attempt);
    this.#sender.send(request, (ending) => this.#end(attempt, request, ending));
  }

  #end(attempt: Attempt, request: PreparedRequest, ending: Ending): void {
    // Already abandoned.
    if (!this.#inFlight.delete(attempt)) return;
    if ("status" in ending) {
      const { status, bytes } = ending;
      this.#backOff.succeeded();
      this.recorder.answer(attempt, status, bytes, statusProblem(request, status));
    } else {
      if (!ending.connected) this.#backOff.failed(performance.now());
      this.recorder.fail(attempt, ending.reason);
    }
    this.#finishWhenDone();
  }

  #finishWhenDone(): void {
    if (this.#next === undefined && this.#inFlight.size === 0) this.#finished.resolve();
  }
}
