/** Lets one piece of work go on at a time, in the order in which they came. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** What `work` gives, or throws, once all before it have ended in whatever way. */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
