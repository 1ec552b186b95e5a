import { intendedStarts } from "../../arrivals/intended-starts.ts";
import type { IntendedStart } from "../../arrivals/intended-starts.ts";
import { rateProfile } from "../../arrivals/rate-profile.ts";
import { Recorder } from "../../measure/recorder.ts";
import { wholeOf } from "../../measure/recording.ts";
import { rowOf } from "../../scenario/feed.ts";
import { FlowPlayer } from "../flows/flow-player.ts";
import type { GeneratorProgress, GeneratorTask } from "./protocol.ts";
import { Sender } from "./sender.ts";

/** Requests that are sent in one turn of the event loop, before answers are read again. */
const mostAtOnce = 100;

/**
 * Sends its share of an open run: begins each flow when it is due, whatever became of those before.
 * What is late is sent at once, and its response time counts from when it was due.
 */
export class Generator {
  readonly recorder: Recorder;
  readonly #task: GeneratorTask;
  readonly #sender: Sender;
  readonly #starts: Iterator<IntendedStart, void>;
  readonly #beginsAt: number;
  readonly #player: FlowPlayer;
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
    this.#player = new FlowPlayer(this.recorder, this.#sender);
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
    this.#player.stop();
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
    const { flows, sequence, maxInFlight } = this.#task;
    const position = index % sequence.length;
    const which = sequence[position] ?? 0;
    const flow = flows[which];
    const first = flow?.steps[0];
    if (flow === undefined || first === undefined) throw new Error("A flow without a step came.");
    const intended = this.#beginsAt + at;
    const row = flow.feed === null ? {} : rowOf(flow.feed, this.#turnOf(index, which));
    if (row === null || this.#player.running >= maxInFlight) {
      return this.recorder.drop(first.tag, intended);
    }
    this.#player.start(flow, row, intended, () => this.#finishWhenDone());
  }

  /** How often the flow was begun before in the whole run, whichever thread did it. */
  #turnOf(index: number, which: number): number {
    const { sequence } = this.#task;
    const rounds = Math.floor(index / sequence.length);
    const isOwn = (one: number) => one === which;
    const before = sequence.slice(0, index % sequence.length).filter(isOwn).length;
    return rounds * sequence.filter(isOwn).length + before;
  }

  #finishWhenDone(): void {
    if (this.#next === undefined && this.#player.running === 0) this.#finished.resolve();
  }
}
