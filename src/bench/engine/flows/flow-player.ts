import type { Attempt, Recorder } from "../../measure/recorder.ts";
import { BackOff } from "../open/back-off.ts";
import type { Ending, Sender } from "../open/sender.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { fillStep } from "./prepared-flow.ts";
import type { PreparedFlow, PreparedStep } from "./prepared-flow.ts";

/** The failure of requests that came while the target accepted no connection. */
const backingOff = "not sent: no connection could be opened just before";

interface Play {
  flow: PreparedFlow;
  values: Record<string, string>;
  position: number;
  attempt: Attempt | undefined;
  pause: NodeJS.Timeout | undefined;
  ended: (ok: boolean) => void;
}

/** Plays flows over the connections of one sender, and counts what becomes of their requests. */
export class FlowPlayer {
  readonly #recorder: Recorder;
  readonly #sender: Sender;
  readonly #backOff = new BackOff();
  readonly #plays = new Set<Play>();

  constructor(recorder: Recorder, sender: Sender) {
    this.#recorder = recorder;
    this.#sender = sender;
  }

  /** Flows on their way. */
  get running(): number {
    return this.#plays.size;
  }

  /**
   * Begins a flow now.
   *
   * @param row the values that it is played with
   * @param intended when its first request was due; absent where there is no schedule
   * @param ended called once, unless the player is stopped before; told whether all steps went well
   */
  start(
    flow: PreparedFlow,
    row: Readonly<Record<string, string>>,
    intended: number | undefined,
    ended: Play["ended"],
  ): void {
    const attempt = undefined;
    const play: Play = { flow, values: { ...row }, position: 0, attempt, pause: undefined, ended };
    this.#plays.add(play);
    this.#send(play, intended);
  }

  /** Requests on their way stay unfinished. */
  stop(): void {
    for (const { attempt, pause } of this.#plays) {
      clearTimeout(pause);
      if (attempt !== undefined) this.#recorder.abandon(attempt);
    }
    this.#plays.clear();
  }

  #send(play: Play, intended?: number): void {
    const step = play.flow.steps[play.position];
    if (step === undefined) return this.#finish(play, true);
    const attempt = this.#recorder.begin(step.tag, intended);
    if (this.#backOff.isOn(attempt.started) && this.#sender.idle === 0) {
      this.#recorder.fail(attempt, backingOff);
      return this.#finish(play, false);
    }
    play.attempt = attempt;
    const request = fillStep(step, play.values);
    this.#sender.send(request, step.readsBody, (ending) => this.#answered(play, step, ending));
  }

  #answered(play: Play, step: PreparedStep, ending: Ending): void {
    const { attempt } = play;
    // Already abandoned.
    if (!this.#plays.has(play) || attempt === undefined) return;
    play.attempt = undefined;
    if ("reason" in ending) {
      if (!ending.connected) this.#backOff.failed(performance.now());
      this.#recorder.fail(attempt, ending.reason);
      return this.#finish(play, false);
    }
    this.#backOff.succeeded();
    const took = performance.now() - attempt.started;
    const { problem, captured } = judgeAnswer(step, { ...ending, took });
    this.#recorder.answer(attempt, ending.status, ending.bytes, problem);
    if (problem !== null) return this.#finish(play, false);
    Object.assign(play.values, captured);
    play.position += 1;
    if (step.pause === 0 || play.position === play.flow.steps.length) return this.#send(play);
    play.pause = setTimeout(() => this.#send(play), step.pause);
  }

  #finish(play: Play, ok: boolean): void {
    this.#plays.delete(play);
    play.ended(ok);
  }
}
