import { type Link, LinkedList } from "../linked-list.ts";

/** Something that ends at its deadline. */
interface Watched<Self> {
  /** Milliseconds of `performance.now()`. */
  readonly deadline: number;
  /** Its place among those that are watched. */
  watched: Link<Self> | null;
  endIfLate(now: number): boolean;
}

/** Ends requests at their deadlines, with one timer for all of them. */
export class DeadlineWatch<Request extends Watched<Request>> {
  private readonly open = new LinkedList<Request>();
  private timer: NodeJS.Timeout | undefined;
  private wakesAt = Number.POSITIVE_INFINITY;

  add(request: Request): void {
    request.watched = this.open.append(request);
    if (request.deadline < this.wakesAt) this.wakeAt(request.deadline);
  }

  delete(request: Request): void {
    if (request.watched !== null) this.open.remove(request.watched);
    request.watched = null;
  }

  private wakeAt(time: number): void {
    clearTimeout(this.timer);
    this.wakesAt = time;
    // A delay beyond 31 bits would be taken for none.
    const delay = Math.min(Math.max(Math.ceil(time - performance.now()), 1), 0x7fffffff);
    this.timer = setTimeout(() => this.wake(), delay).unref();
  }

  private wake(): void {
    const now = performance.now();
    let earliest = Number.POSITIVE_INFINITY;
    for (const request of this.open.values()) {
      if (!request.endIfLate(now)) earliest = Math.min(earliest, request.deadline);
    }
    this.wakesAt = Number.POSITIVE_INFINITY;
    if (earliest !== Number.POSITIVE_INFINITY) this.wakeAt(earliest);
  }
}
