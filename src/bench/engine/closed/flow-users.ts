import { rowOf } from "../../scenario/feed.ts";
import { backOff } from "./back-off.ts";
import type { FlowPlayer } from "../flows/flow-player.ts";
import type { PreparedFlow } from "../flows/prepared-flow.ts";

export interface FlowUsersOptions {
  player: FlowPlayer;
  /** Played over and over; each user begins elsewhere in it. */
  sequence: readonly PreparedFlow[];
  users: number;
  /** All in milliseconds. */
  rampUp: number;
  thinkTime: number;
}

/** Users that play flows: each begins its next one when the one before has come to an end. */
export class FlowUsers {
  readonly finished = Promise.withResolvers<void>();
  readonly #options: FlowUsersOptions;
  readonly #pauses = new Set<NodeJS.Timeout>();
  readonly #turns = new Map<PreparedFlow, number>();
  #left: number;
  #stopping = false;

  constructor(options: FlowUsersOptions) {
    this.#options = options;
    const { users, rampUp } = options;
    this.#left = users;
    for (let user = 0; user < users; user += 1) {
      this.#wait((rampUp * user) / users, () => this.#play(user, 0));
    }
  }

  /** No further flow is begun; `finished` comes when those on their way have ended. */
  stop(): void {
    this.#stopping = true;
    const waiting = this.#pauses.size;
    for (const pause of this.#pauses) clearTimeout(pause);
    this.#pauses.clear();
    this.#leave(waiting);
  }

  #play(position: number, failuresInARow: number): void {
    if (this.#stopping) return this.#leave(1);
    const { player, sequence, thinkTime } = this.#options;
    const flow = sequence[position % sequence.length];
    const row = flow === undefined ? null : this.#nextRow(flow);
    // Every row of a unique feed was used: this user has nothing more to do.
    if (flow === undefined || row === null) return this.#leave(1);
    player.start(flow, row, undefined, (ok) => {
      const failures = ok ? 0 : failuresInARow + 1;
      const pause = ok ? thinkTime : Math.max(thinkTime, backOff(failuresInARow));
      this.#wait(pause, () => this.#play(position + 1, failures));
    });
  }

  #nextRow(flow: PreparedFlow): Record<string, string> | null {
    if (flow.feed === null) return {};
    const turn = this.#turns.get(flow) ?? 0;
    this.#turns.set(flow, turn + 1);
    return rowOf(flow.feed, turn);
  }

  #wait(milliseconds: number, act: () => void): void {
    if (this.#stopping) return this.#leave(1);
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      act();
    }, milliseconds);
    this.#pauses.add(pause);
  }

  #leave(users: number): void {
    this.#left -= users;
    if (this.#left <= 0) this.finished.resolve();
  }
}
